// The machine's clocks.
#pragma once

#include "core/base/times.h"

namespace thermos {

// Reads CLOCK_REALTIME and CLOCK_BOOTTIME. Code on a loop uses Loop::now(), the time of the turn.
Timestamp read_clocks();

}  // namespace thermos
