// What a task's state machine asks of the shell around it. See Runner.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "core/record/record.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// Put this at the end of the runner's stream.
struct Append {
  Record record;
  // Effects behind this one depend on its being on the disk, not only in the kernel.
  bool durable = false;
};

// Start this run: lock its stream, and hand it to a coordinator. Answered by records, LaunchFailed
// or CoordinatorGone. If the lock is held, the one who holds it is the answer.
struct StartProcess {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::uint64_t seq = 0;  // of its FORKED record
};

// Ask the run's process group to end (SIGTERM). The coordinator carries it out.
struct Terminate {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// End the run's whole tree at once (SIGKILL).
struct Kill {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// The coordinator vanished: find what it left running and end it, then say Swept.
struct Sweep {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// Send TimerDue at this boot time; replaces the earlier one. Nothing: no timer.
struct SetTimer {
  std::optional<Microseconds> at;
};

// The task reached this state, its terminal record is behind an Append, and nothing of it lives.
struct Finish {
  TaskState state = TaskState::Success;
};

using Effect = std::variant<Append, StartProcess, Terminate, Kill, Sweep, SetTimer, Finish>;

}  // namespace thermos
