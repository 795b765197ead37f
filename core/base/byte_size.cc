#include "core/base/byte_size.h"

#include <array>
#include <charconv>
#include <limits>

namespace thermos {
namespace {

constexpr std::string_view kUnits = "KMGT";

}  // namespace

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || size < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.empty() || unit == "B") return static_cast<std::uint64_t>(size);
  const std::size_t power = kUnits.find(unit.front());
  unit.remove_prefix(1);
  if (power == std::string_view::npos || (!unit.empty() && unit != "B" && unit != "iB")) {
    return std::nullopt;
  }
  const std::int64_t factor = std::int64_t{1} << (10 * (power + 1));
  if (size > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
  return static_cast<std::uint64_t>(size * factor);
}

std::string byte_size_text(std::uint64_t bytes) {
  constexpr double kStep = 1024;
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto size = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  // A size that would be rounded up to 1024 of a unit is 1 of the next unit.
  while (size >= kStep - 0.05 && unit + 1 < kUnits.size()) {
    size /= kStep;
    ++unit;
  }
  std::array<char, 16> room{};
  const auto written =
      std::to_chars(room.data(), room.data() + room.size(), size, std::chars_format::fixed, 1);
  std::string number(room.data(), written.ptr);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number + " " + kUnits[unit] + "iB";
}

}  // namespace thermos
