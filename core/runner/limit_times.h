// The times from which the limits of a run under way count, by the boot clock of the current
// leader.
#pragma once

#include "core/base/times.h"

namespace thermos {

struct LimitTimes {
  Microseconds began = 0;  // when it was RUNNING, or else WAITING
  Microseconds extended =
      0;  // its limits are not over before this; 0: it did not ask for more time
};

}  // namespace thermos
