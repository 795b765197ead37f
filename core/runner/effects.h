// The effects of a task's state machine: what it asks the shell around it to do. See Runner.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "core/record/record.h"
#include "core/task/graph.h"
#include "core/task/probe_question.h"
#include "core/task/task.h"

namespace thermos {

// Append this record to the runner's stream.
struct Append {
  Record record;
  // The effects after this one may be carried out only when the record is on the disk, not only in
  // the kernel.
  bool durable = false;
};

// Start this run: lock the process's stream and hand it to a coordinator. Answered by the
// coordinator's records, LaunchFailed or CoordinatorGone. If another process holds the lock, that
// is the run's coordinator, and its records are the answer.
struct StartProcess {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::uint64_t seq = 0;  // the number of its FORKED record
  // The state that the task is to reach; it is for finalizers.
  TaskState goal = TaskState::Success;
};

// Ask the coordinator to send the process's stop signal to the run's process group.
struct Terminate {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::uint8_t signal = 0;  // sent instead of the stop signal; 0: the stop signal
};

// Ask the coordinator to end the run's whole process tree immediately (SIGKILL).
struct Kill {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// The coordinator died without recording an end: kill the processes that it left, and then answer
// Swept.
struct Sweep {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// Read what the run's coordinator has written, as if its stream had changed: without inotify,
// nothing reports a new record.
struct Look {
  ProcessIndex process = 0;
};

// Ask whether the process is ready, as its `ready` says, or healthy, as its `healthy` says.
// Answered by ProbeAnswered, within the `timeout` there. The answer for a run that has ended
// meanwhile may be left out.
struct Probe {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  Purpose purpose = Purpose::Ready;
};

// Send TimerDue at this boot time (microseconds). It replaces the earlier timer; empty: no timer.
struct SetTimer {
  std::optional<Microseconds> at;
};

// The task has reached this final state. The record of it is in an Append before this, and no
// process of the task lives.
struct Finish {
  TaskState state = TaskState::Success;
};

// The task yields: no process of it lives, and this runner no longer leads it. The task is not
// over.
struct StandDown {};

using Effect = std::variant<Append, StartProcess, Terminate, Kill, Sweep, Look, Probe, SetTimer,
                            Finish, StandDown>;

}  // namespace thermos
