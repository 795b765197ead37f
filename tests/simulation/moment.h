// A moment as it truly was: not as a clock showed it.
#pragma once

#include <cstdint>

#include "core/base/times.h"

namespace thermos::sim {

struct Moment {
  Microseconds when = 0;
  std::uint64_t boot = 0;
  std::uint64_t wall_jumps = 0;  // so far
};

}  // namespace thermos::sim
