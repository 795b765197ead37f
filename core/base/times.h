// Times and durations, and how they are added.
#pragma once

#include <cstdint>
#include <limits>

namespace thermos {

// Durations inside the program are whole microseconds; configuration files give seconds.
using Microseconds = std::int64_t;
inline constexpr Microseconds kSecond = 1'000'000;

// A moment by both clocks. Wall time is for people and for other boots; boot time (CLOCK_BOOTTIME,
// which no one can set and which runs on in suspend) decides everything within one boot.
struct Timestamp {
  Microseconds wall = 0;  // since the epoch
  Microseconds boot = 0;  // since the machine started
  bool operator==(const Timestamp&) const = default;
};

// The sum, or the largest number there is: a wait may be as long as anybody likes.
inline Microseconds add_saturated(Microseconds a, Microseconds b) {
  constexpr Microseconds kMost = std::numeric_limits<Microseconds>::max();
  return b > 0 && a > kMost - b ? kMost : a + b;
}

// A moment from now, by both clocks.
inline Timestamp later(Timestamp now, Microseconds wait) {
  return {add_saturated(now.wall, wait), add_saturated(now.boot, wait)};
}

}  // namespace thermos
