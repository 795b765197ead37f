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
  bool on_term = false;  // at SIGTERM; else that is a kill
  bool on_usr2 = false;  // at SIGUSR2, which announces SIGKILL in Grid Engine
  Microseconds grace = kUsualGrace;
  std::string from{};  // who gave us the machine, for the reason: "slurm job 17"
};

// Takes the lead of a task, runs it to its end and returns its final state. Blocks. A new task id
// is created on the disk; one that is active and has no leader is resumed, if the configuration is
// the same. SIGINT and SIGTERM are a kill with the task's own finalization_wait; a second one kills
// everything at once. SIGUSR1, and SIGTERM where `yielding` says so, give the task up for now: the
// state that is returned is not terminal then. After the first of them only SIGINT has an effect:
// what still runs is killed. `kill`, if given, is requested as soon as the task
// is led. Fails with Busy if another leads the task (the message names who), BadConfig if the id
// exists with another configuration (the message names the first difference), Usage if the task has
// ended (the message says how), Corrupt, or System. `on_loop` gets the reactor before anything
// happens on it, and nullptr before it goes.
Result<TaskState> run_in_foreground(TaskSetup setup, SyncMode sync, TaskObserver& observer,
                                    const Yielding& yielding = {},
                                    const std::optional<KillRequest>& kill = std::nullopt,
                                    const std::function<void(Reactor*)>& on_loop = {});

}  // namespace thermos
