// The moments at which processes are asked whether they are ready, or healthy.
#pragma once

#include <algorithm>

#include "core/base/times.h"

namespace thermos {

// Returns the last such moment at or before `at`, for questions that are `interval` apart. The
// moments are 1/64 of the interval apart, at most 1/64 s, so that the questions to many processes
// fall into few turns of the loop: a turn costs more than most questions. REQUIRES: at >= 0,
// interval > 0.
inline Microseconds beat_before(Microseconds at, Microseconds interval) {
  const Microseconds apart = std::max<Microseconds>(1, std::min(interval, kSecond) / 64);
  return at - at % apart;
}

}  // namespace thermos
