// Kills one task, for `thermos kill`.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/state.h"
#include "core/runner/requests.h"
#include "reactor/host/task_observer.h"

namespace thermos {

// Kills an active task, whoever leads it, and returns its final state. If the task has already
// ended, only returns its state. Blocks until the task has ended. Asks the task's leader to kill
// it. If there is no leader, takes the lock and ends the task itself. A leader that doesn't answer
// is first killed, if it is a `thermos` that leads only this task. Removes a task that was created
// but never begun. Fails with NotFound if there is no such task, or if its processes ran but no
// record tells where it runs; NotPermitted if no leader answers and the task's files belong to
// another user (file_owner_check.h); Busy if a leader of several tasks (a daemon) doesn't answer;
// or with the leader's own error.
Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer);

}  // namespace thermos
