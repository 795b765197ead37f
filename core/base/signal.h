// Signals as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thermos {

// A signal by its number on Linux (signal(7)): 1 to kLastSignal. The numbers are those of all
// architectures but MIPS, SPARC, Alpha and PA-RISC.
struct SignalNumber {
  std::uint8_t number = 15;  // SIGTERM
  bool operator==(const SignalNumber&) const = default;
};
inline constexpr std::uint8_t kLastSignal = 64;

// Returns "TERM", or "RTMIN+3" for a real-time signal.
std::string name_of(SignalNumber signal);
// Reads what name_of() returns, with or without "SIG" before it and in either case, or a number.
// Returns nothing if there is no such signal.
std::optional<SignalNumber> signal_from(std::string_view text);
// Returns ", did you mean 'TERM'?" for a text that is nearly a signal's name, else "".
std::string nearest_signal(std::string_view text);

}  // namespace thermos
