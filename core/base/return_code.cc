#include "core/base/return_code.h"

#include "core/base/signal.h"

namespace thermos {

std::string return_code_text(std::int32_t return_code) {
  if (return_code >= 0) return "exit " + std::to_string(return_code);
  const std::int64_t number = -static_cast<std::int64_t>(return_code);
  std::string text = "signal " + std::to_string(number);
  // People who use a real-time signal know it by its number.
  constexpr std::int64_t kLastNamed = 31;
  if (number > kLastNamed) return text;
  return text + " (SIG" + name_of(SignalNumber{static_cast<std::uint8_t>(number)}) + ")";
}

}  // namespace thermos
