#include "core/base/seconds.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace thermos {
namespace {

// Returns the number with zeros before it, so that it has at least `count` digits.
std::string digits(std::int64_t number, std::size_t count) {
  const std::string text = std::to_string(number);
  return std::string(count - std::min(count, text.size()), '0') + text;
}

}  // namespace

std::string seconds_text(Microseconds duration) {
  const std::string sign = duration < 0 ? "-" : "";
  const Microseconds whole = std::abs(duration / kSecond);
  const Microseconds part = std::abs(duration % kSecond);
  if (part == 0) return sign + std::to_string(whole);
  std::string fraction = std::to_string(kSecond + part).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return sign + std::to_string(whole) + "." + fraction;
}

std::string duration_text(Microseconds duration) {
  duration = std::max<Microseconds>(duration, 0);
  const std::int64_t seconds = duration / kSecond;
  const auto two = [](std::int64_t whole, char unit, std::int64_t part, char part_unit) {
    return std::to_string(whole) + unit + digits(part, 2) + part_unit;
  };
  // Truncated and not rounded, so that 59.99 s does not become "60.0s".
  if (seconds < 10) {
    return std::to_string(seconds) + "." + digits(duration % kSecond / 1000, 3) + "s";
  }
  if (seconds < 60) {
    return std::to_string(seconds) + "." + std::to_string(duration % kSecond / 100'000) + "s";
  }
  if (seconds < 3600) return two(seconds / 60, 'm', seconds % 60, 's');
  if (seconds < 86'400) return two(seconds / 3600, 'h', seconds % 3600 / 60, 'm');
  return two(seconds / 86'400, 'd', seconds % 86'400 / 3600, 'h');
}

std::optional<Microseconds> duration_from(std::string_view text) {
  constexpr double kLongest = 1e9;  // seconds
  constexpr std::array<std::pair<std::string_view, double>, 5> kUnits = {
      {{"ms", 0.001}, {"d", 86'400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double count = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), count, std::chars_format::fixed);
    if (error != std::errc() || !(count >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    double unit = 0;
    for (const auto& [name, length] : kUnits) {
      if (!text.starts_with(name)) continue;
      unit = length;
      text.remove_prefix(name.size());
      break;
    }
    seconds += count * unit;
    if (unit == 0 || seconds > kLongest) return std::nullopt;
  }
  return std::llround(seconds * static_cast<double>(kSecond));
}

}  // namespace thermos
