// A moment from now, by both clocks.
#pragma once

#include <limits>

#include "core/record.h"

namespace thermos {

inline Microseconds add_saturated(Microseconds a, Microseconds b) {
  constexpr Microseconds kMost = std::numeric_limits<Microseconds>::max();
  return b > 0 && a > kMost - b ? kMost : a + b;
}

inline Now later(Now now, Microseconds wait) {
  return {add_saturated(now.wall, wait), add_saturated(now.boot, wait)};
}

}  // namespace thermos
