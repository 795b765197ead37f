#include "core/config/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>

namespace thermos::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Whether the text is `word` in one of YAML's spellings: null, Null or NULL, but not nULL.
bool is_word(std::string_view text, std::string_view word) {
  if (lower(text) != word) return false;
  const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
  const std::size_t smalls =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), small));
  return smalls == word.size() || smalls == 0 || (smalls + 1 == word.size() && !small(text[0]));
}

// [digits][.digits][e[sign]digits], with at least one digit before the e.
bool is_real(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  std::size_t seen = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    seen += digits();
  }
  if (seen == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

double to_real(std::string_view text, bool negative) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc::result_out_of_range) {
    const std::size_t exponent = text.find_first_of("eE");
    const bool tiny =
        exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
    number = tiny ? 0 : std::numeric_limits<double>::infinity();
  }
  return negative ? -number : number;
}

// Returns a whole number in the same type as the JSON parser: unsigned if it is not negative, and a
// double if it fits into neither integer.
Value whole(std::string_view digits, int base, bool negative) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (parsed.ec != std::errc()) {
    if (base == 10) return Value{to_real(digits, negative)};
    return Value{std::numeric_limits<double>::infinity()};
  }
  if (!negative) return Value{number};
  if (number > kMax) return Value{-static_cast<double>(number)};
  if (number == 0) return Value{number};
  return Value{-static_cast<std::int64_t>(number)};
}

}  // namespace

Value plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || is_word(text, "null")) return Value{nullptr};
  if (is_word(text, "true")) return Value{true};
  if (is_word(text, "false")) return Value{false};
  const std::string_view number = without_sign(text);
  const bool negative = text.front() == '-';
  if (all_digits(number)) return whole(number, 10, negative);
  if (number.size() == text.size() && number.size() > 2 && number.front() == '0') {
    const std::string_view digits = number.substr(2);
    const auto is = [digits](std::string_view known) {
      return digits.find_first_not_of(known) == std::string_view::npos;
    };
    if (number[1] == 'o' && is("01234567")) return whole(digits, 8, false);
    if (number[1] == 'x' && is("0123456789abcdefABCDEF")) return whole(digits, 16, false);
  }
  if (is_real(number)) return Value{to_real(number, negative)};
  if (number.starts_with('.')) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (is_word(number.substr(1), "inf")) return Value{negative ? -infinity : infinity};
    if (text == ".nan" || text == ".NaN" || text == ".NAN") {
      return Value{std::numeric_limits<double>::quiet_NaN()};
    }
  }
  return Value{std::string(text)};
}

bool has_leading_zero(std::string_view text) {
  const std::string_view number = without_sign(text);
  return number.size() > 1 && number.front() == '0' && all_digits(number);
}

bool is_old_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords = {"yes", "no", "on", "off", "y", "n"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [text](std::string_view word) { return is_word(text, word); });
}

bool is_old_number(std::string_view text) {
  const std::string_view number = without_sign(text);
  return !number.empty() && is_digit(number.front()) && is_digit(number.back()) &&
         number.find_first_of(":_") != std::string_view::npos &&
         number.find_first_not_of("0123456789:_.") == std::string_view::npos;
}

}  // namespace thermos::config
