// What a task's state machine is told: by its coordinators, by the shell that carries out what it
// asked for, and by people. See Runner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/record/record.h"
#include "core/runner/requests.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// This runner takes the lead. First event, once. `header` is for a task that has none yet.
// Behind it, and before anything else, the shell sends for each process that is live in the history
// what its stream holds beyond it (CoordinatorRecord) and, where nobody holds its lock,
// CoordinatorGone.
struct Lead {
  RunnerHeader header;
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  BootId boot;
};

// A coordinator wrote this. Repeats are harmless.
struct CoordinatorRecord {
  ProcessIndex process = 0;
  ProcessStatus status;
};

// The coordinator of this run is gone and its stream was read to the end.
struct CoordinatorGone {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  bool rebooted = false;  // it ran under another boot id: there is nothing to sweep
};

// All that a vanished coordinator left behind is gone (answers Sweep).
struct Swept {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// A launch did not happen. `retry`: the machine is short of something (pids, memory, descriptors)
// and it is worth trying again; otherwise the process is FAILED with `reason`.
struct LaunchFailed {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  bool retry = false;
  std::string reason;
};

// The shell gave up a launch that nothing had come of yet (answers Terminate or Kill).
struct LaunchCancelled {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// The time asked for by SetTimer has come. Early or doubled ones are harmless.
struct TimerDue {};

// Beside these, what people ask (requests.h). Nothing comes of an order that may_order() refuses.
using Event = std::variant<Lead, CoordinatorRecord, CoordinatorGone, Swept, LaunchFailed,
                           LaunchCancelled, TimerDue, KillRequest, OrderRequest>;

}  // namespace thermos
