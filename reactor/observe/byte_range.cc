#include "reactor/observe/byte_range.h"

#include <algorithm>
#include <limits>

namespace thermos::observe {
namespace {

constexpr std::string_view kUnit = "bytes=";
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// Parses digits alone. Returns the largest number for one that is too large.
std::optional<std::uint64_t> number_of(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    number = number > (kMost - digit) / 10 ? kMost : number * 10 + digit;
  }
  return number;
}

ByteRange part(std::uint64_t first, std::uint64_t last, std::uint64_t size) {
  if (first >= size) return {ByteRange::Kind::Unsatisfiable, 0, 0};
  return {ByteRange::Kind::Part, first, std::min(last, size - 1) - first + 1};
}

}  // namespace

ByteRange byte_range(std::optional<std::string_view> header, std::uint64_t size) {
  if (!header) return {};
  std::string_view text = trimmed(*header);
  if (!text.starts_with(kUnit)) return {};
  text = trimmed(text.substr(kUnit.size()));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view before = trimmed(text.substr(0, dash));
  const std::string_view behind = trimmed(text.substr(dash + 1));
  const auto first = number_of(before);
  const auto last = number_of(behind);
  if (first) {
    if (behind.empty()) return part(*first, kMost, size);
    // A last byte before the first makes the header invalid, so it is ignored.
    if (!last || *last < *first) return {};
    return part(*first, *last, size);
  }
  // "-N": the last N bytes.
  if (!before.empty() || !last) return {};
  if (*last == 0) return {ByteRange::Kind::Unsatisfiable, 0, 0};
  if (size == 0) return {ByteRange::Kind::Unsatisfiable, 0, 0};
  return part(size - std::min(*last, size), kMost, size);
}

}  // namespace thermos::observe
