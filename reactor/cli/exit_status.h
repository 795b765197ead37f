// The exit statuses of the commands.
#pragma once

#include "core/base/result.h"
#include "core/record/state.h"

namespace thermos {

// The values in README's table. They are those of <sysexits.h> if it has one for the case.
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
  kExitInterrupted = 130,  // 128 + SIGINT, as shells report it
};

ExitStatus exit_status_of(ErrorCode code);
// The exit status of `thermos run`. REQUIRES: the state is terminal.
ExitStatus exit_status_of(TaskState state);

}  // namespace thermos
