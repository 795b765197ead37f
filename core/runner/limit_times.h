// The times from which the limits of a run under way count, by the boot clock of the current
// leader.
#pragma once

#include "core/base/times.h"

namespace thermos {

struct LimitTimes {
  Microseconds began = 0;  // when it was RUNNING, or else WAITING
  // The limits are not over before this; 0: the run did not ask for more time.
  Microseconds extended = 0;
};

}  // namespace thermos
