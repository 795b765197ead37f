// One task in the foreground: what `thermos run` and, where nobody leads, `thermos kill` do.
#pragma once

#include <optional>

#include "core/base/result.h"
#include "core/record/state.h"
#include "core/runner/requests.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_observer.h"
#include "reactor/host/task_setup.h"

namespace thermos {

// Takes the lead of a task and runs it to its end. A task id that is new is created on the disk;
// one that is active and led by nobody is resumed, if the configuration is the same. SIGINT and
// SIGTERM are a kill with the task's own finalization_wait, a second one a kill at once. Errors:
// Busy (someone leads it; the message names who), BadConfig (another configuration under this id;
// names the first difference), Usage (the id ended already; says how), Corrupt, System.
// `kill`: what is asked of the task at once.
Result<TaskState> run_in_foreground(TaskSetup place, SyncMode sync, TaskObserver& observer,
                                    const std::optional<KillRequest>& kill = std::nullopt);

}  // namespace thermos
