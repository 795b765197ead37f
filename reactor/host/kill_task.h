// What `thermos kill` does to one task.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/state.h"
#include "core/runner/requests.h"
#include "reactor/host/task_observer.h"

namespace thermos {

// Stops an active task, whoever leads it: asks the leader; without one, or with a one-task leader
// that doesn't answer, takes the lock and does the work here. Returns how the task ended, if it has
// ended already, too. Blocks until then. NotFound when there is no such task; Busy when its leader
// leads others besides and doesn't answer; and what that leader has against the request.
Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer);

}  // namespace thermos
