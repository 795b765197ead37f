// The times of a run under way that its limits count from, by the clock of who leads now.
#pragma once

#include "core/base/times.h"

namespace thermos {

struct LimitTimes {
  Microseconds began = 0;     // RUNNING, or else WAITING
  Microseconds extended = 0;  // its limits are not over before; 0: it asked for nothing
};

}  // namespace thermos
