// Times and durations, and their addition.
#pragma once

#include <cstdint>
#include <limits>

namespace thermos {

// Durations in the program are whole microseconds. Configuration files give seconds.
using Microseconds = std::int64_t;
inline constexpr Microseconds kSecond = 1'000'000;

// A moment by two clocks. Wall time (CLOCK_REALTIME) is for people and for comparison across boots.
// Boot time (CLOCK_BOOTTIME, which cannot be set and which runs during a suspend) decides
// everything within one boot.
struct Timestamp {
  Microseconds wall = 0;  // since the epoch
  Microseconds boot = 0;  // since the machine started
  bool operator==(const Timestamp&) const = default;
};

// Returns the sum, or the largest value instead of an overflow: configured waits have no upper
// limit.
inline Microseconds add_saturated(Microseconds a, Microseconds b) {
  constexpr Microseconds kMost = std::numeric_limits<Microseconds>::max();
  return b > 0 && a > kMost - b ? kMost : a + b;
}

// Returns the moment `wait` after `now`, by both clocks.
inline Timestamp later(Timestamp now, Microseconds wait) {
  return {add_saturated(now.wall, wait), add_saturated(now.boot, wait)};
}

}  // namespace thermos
