// A moment in true time, whatever a clock of the machine showed.
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
