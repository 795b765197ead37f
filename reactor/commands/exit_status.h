// What a command's exit status says.
#pragma once

#include "core/base/result.h"
#include "core/record/state.h"

namespace thermos {

// sysexits(3) where it has a word for it.
enum ExitStatus : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitKilled = 2,
  kExitLost = 3,
  kExitUsage = 64,
  kExitBadData = 65,  // a bad configuration, a corrupt stream
  kExitNotFound = 66,
  kExitNoDaemon = 69,
  kExitSystem = 71,
  kExitBusy = 75,
  kExitNotPermitted = 77,
  kExitTimedOut = 124,
};

ExitStatus exit_status_of(ErrorCode code);
// Of `thermos run`. REQUIRES: the state is terminal.
ExitStatus exit_status_of(TaskState state);

}  // namespace thermos
