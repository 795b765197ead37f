// The machine's clocks.
#pragma once

#include "core/base/times.h"

namespace thermos {

// Both clocks, read now. On a loop the time of a turn is Loop::now().
Timestamp read_clocks();

}  // namespace thermos
