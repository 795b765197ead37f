#include "core/config/scalar_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace thermos::config {

std::string number_text(double number) {
  // Without this 1000000 would be 1e+06, which is shorter.
  if (std::trunc(number) == number && std::abs(number) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(number));
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
}

std::string seconds_text(Microseconds duration) {
  const std::string sign = duration < 0 ? "-" : "";
  const Microseconds whole = std::abs(duration / kSecond);
  const Microseconds part = std::abs(duration % kSecond);
  if (part == 0) return sign + std::to_string(whole);
  std::string fraction = std::to_string(kSecond + part).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return sign + std::to_string(whole) + "." + fraction;
}

std::string scalar_text(fields::View value) {
  switch (value.type->kind) {
    case fields::Kind::Text:
      return value.text();
    case fields::Kind::Flag:
      return value.flag() ? "true" : "false";
    case fields::Kind::Count:
      return std::to_string(value.count());
    case fields::Kind::Bytes:
      return std::to_string(value.whole());
    case fields::Kind::Seconds:
      return seconds_text(value.whole());
    case fields::Kind::Real:
      return number_text(value.real());
    case fields::Kind::Word:
      return std::string(value.word());
    case fields::Kind::Signal:
      return name_of(value.signal());
    default:
      return "";
  }
}

}  // namespace thermos::config
