// Kills one task, for `thermos kill`.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/state.h"
#include "core/runner/requests.h"
#include "reactor/host/task_observer.h"

namespace thermos {

// Kills an active task, whoever leads it, and returns its final state; that of a task that has
// ended already, too. Blocks until the task has ended. It asks the leader. If there is none, it
// takes the lock and ends the task itself; a leader that doesn't answer is killed first if it is a
// `thermos` of this one task. A task that was made and never begun is removed. Fails with NotFound
// if there is no such task, or one that ran and of which nothing tells where; NotPermitted if
// nobody else can end it and its files are another user's (foreign_file.h); Busy if a leader of
// several tasks (a daemon) doesn't answer, or with the leader's own error.
Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer);

}  // namespace thermos
