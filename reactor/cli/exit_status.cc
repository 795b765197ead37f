#include "reactor/cli/exit_status.h"

namespace thermos {

ExitStatus exit_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::Usage:
      return kExitUsage;
    case ErrorCode::BadConfig:
    case ErrorCode::Corrupt:
      return kExitBadData;
    case ErrorCode::NotFound:
      return kExitNotFound;
    case ErrorCode::NoDaemon:
      return kExitNoDaemon;
    case ErrorCode::Busy:
      return kExitBusy;
    case ErrorCode::NotPermitted:
      return kExitNotPermitted;
    case ErrorCode::System:
      return kExitSystem;
  }
  return kExitSystem;
}

ExitStatus exit_status_of(TaskState state) {
  switch (state) {
    case TaskState::Success:
      return kExitDone;
    case TaskState::Killed:
      return kExitKilled;
    case TaskState::Lost:
      return kExitLost;
    default:
      return kExitFailed;
  }
}

}  // namespace thermos
