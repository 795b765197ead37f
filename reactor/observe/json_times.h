// Converts times and durations to the seconds in the observer's JSON.
#pragma once

#include "core/base/times.h"

namespace thermos::observe {

inline double seconds(Microseconds time) {
  return static_cast<double>(time) / static_cast<double>(kSecond);
}

}  // namespace thermos::observe
