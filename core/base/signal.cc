#include "core/base/signal.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/text.h"

namespace thermos {
namespace {

// The names of the signals from number 1 on.
constexpr std::array<std::string_view, 31> kNames = {
    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
    "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
    "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};
// The C library keeps the first two real-time signals of the kernel for itself.
constexpr int kFirstRealTime = 34;
constexpr std::string_view kRealTime = "RTMIN";

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out.starts_with("SIG") ? out.substr(3) : out;
}

std::optional<int> whole(std::string_view text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<SignalNumber> numbered(int number) {
  if (number < 1 || number > kLastSignal) return std::nullopt;
  return SignalNumber{static_cast<std::uint8_t>(number)};
}

}  // namespace

std::string name_of(SignalNumber signal) {
  if (signal.number >= 1 && signal.number <= kNames.size()) {
    return std::string(kNames[signal.number - 1U]);
  }
  if (signal.number < kFirstRealTime) return std::to_string(signal.number);
  const int above = signal.number - kFirstRealTime;
  return std::string(kRealTime) + (above == 0 ? "" : "+" + std::to_string(above));
}

std::optional<SignalNumber> signal_from(std::string_view text) {
  if (const auto number = whole(text)) return numbered(*number);
  const std::string name = upper(text);
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return numbered(static_cast<int>(found - kNames.begin()) + 1);
  if (!name.starts_with(kRealTime)) return std::nullopt;
  const std::string_view rest = std::string_view(name).substr(kRealTime.size());
  if (rest.empty()) return numbered(kFirstRealTime);
  const auto above = rest.front() == '+' ? whole(rest.substr(1)) : std::nullopt;
  if (!above || *above < 0 || *above > kLastSignal) return std::nullopt;
  return numbered(kFirstRealTime + *above);
}

std::string nearest_signal(std::string_view text) {
  const std::string name = upper(text);
  NearestWord nearest(name);
  for (const std::string_view known : kNames) nearest.offer(known);
  return nearest.hint();
}

}  // namespace thermos
