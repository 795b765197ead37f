// Runs one task in the foreground, for `thermos run` and for a `thermos kill` of a task without a
// leader.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/state.h"
#include "core/runner/requests.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_observer.h"
#include "reactor/host/task_setup.h"

namespace thermos {

class Reactor;

// How a task in the foreground yields (YieldRequest).
struct Yielding {
  bool on_term = false;  // yield at SIGTERM; if false, SIGTERM kills the task
  bool on_usr2 = false;  // yield at SIGUSR2, which announces SIGKILL in Grid Engine
  Microseconds grace = kUsualGrace;
  std::string from{};  // the job that we run in, for the recorded reason: "slurm job 17"
};

// Takes the lead of a task, runs it to its end and returns its final state. Blocks. If the task id
// is new, creates the task on the disk. If the task is active without a leader, resumes it,
// provided that the configuration is the same. SIGINT and SIGTERM kill the task with its own
// finalization_wait; a second one kills everything at once. SIGUSR1, and the signals that
// `yielding` names, make the task yield; the returned state is then not terminal. After the first
// of these, the others have no effect, and SIGINT kills the processes that still run. `kill`, if
// given, is requested as soon as the task is led. Fails with Busy if another process leads the task
// (the message names it), BadConfig if the id exists with another configuration (the message names
// the first difference), Usage if the task has ended (the message tells its state), Corrupt, or
// System. `on_loop` is called with the reactor before anything happens on it, and with nullptr
// before it is destroyed.
Result<TaskState> run_in_foreground(TaskSetup setup, SyncMode sync, TaskObserver& observer,
                                    const Yielding& yielding = {},
                                    const std::optional<KillRequest>& kill = std::nullopt,
                                    const std::function<void(Reactor*)>& on_loop = {});

}  // namespace thermos
