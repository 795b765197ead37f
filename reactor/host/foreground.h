// One task in the foreground: what `thermos run` and, where nobody leads, `thermos kill` do.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "core/runner/requests.h"
#include "core/runner/runner.h"
#include "core/task/task.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_observer.h"
#include "reactor/host/task_setup.h"

namespace thermos {

// Takes the lead of a task and runs it to its end. A task id that is new is created on the disk;
// one that is active and led by nobody is resumed, if the configuration is the same. SIGINT and
// SIGTERM are a kill with the task's own finalization_wait, a second one a kill at once. Errors:
// Busy (someone leads it; the message names who), BadConfig (another configuration under this id;
// names the first difference), Usage (the id ended already; says how), Corrupt, System.
Result<TaskState> run_in_foreground(const TaskSetup& place, SyncMode sync, TaskObserver& observer);

// Stops an active task, whoever leads it: asks the leader; without one, or with a one-task leader
// that doesn't answer, takes the lock and does the work here. Returns how the task ended, if it has
// ended already, too. NotFound when there is no such task.
Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer);

// What Busy says of a task's leader: "pid 123 (thermos run ...)"; empty when nobody is found.
std::string name_leader(const Paths& paths, const std::string& task_id);

}  // namespace thermos
