#include "core/config/scalar_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/base/seconds.h"

namespace thermos::config {

std::string number_text(double number) {
  // Otherwise 1000000 would be written as 1e+06, which is shorter.
  if (std::trunc(number) == number && std::abs(number) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(number));
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
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
