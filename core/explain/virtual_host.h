// A host of the task's state machine with virtual time: every run takes as long as the script says,
// only the runs fail that the script lets fail, and a task of days is over in milliseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/explain/past_times.h"
#include "core/record/history.h"
#include "core/runner/runner.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// The outcome of one process.
struct PlannedProcess {
  static constexpr ProcessIndex kNobody = static_cast<ProcessIndex>(-1);

  std::optional<Microseconds> start;  // of its first run, counted from the beginning
  std::optional<Microseconds> end;    // of its last run; empty: it does not end
  std::uint32_t runs = 0;
  ProcessState state = ProcessState::Waiting;  // of its last run
  // The process whose transition let the first run start, and the one whose transition made the
  // runner end it. kNobody: there is none.
  ProcessIndex after = kNobody;
  ProcessIndex ended_by = kNobody;
};

struct PlannedTask {
  TaskState state = TaskState::Active;  // ACTIVE: the task does not end by itself
  Microseconds end = 0;  // from the beginning; of the last event if the task does not end
  std::vector<PlannedProcess> processes;
  ProcessIndex last = PlannedProcess::kNobody;  // the process whose transition ended the task
};

// How the runs go, by process.
struct Script {
  // Returns how long the next run of `p` takes. Called at each launch.
  std::function<RunTimes(ProcessIndex p)> times;
  std::vector<bool> fails;  // which processes' runs all end FAILED; empty: none
};

// Returns the task in a form that a virtual host can run: without health checks, watchdogs and
// `time`, with each `ready` as a `notify`, and with pools large enough if they are not the task's
// own.
TaskConfig plannable(const TaskConfig& task);

// Runs `task`, which is a result of plannable(), to its end. `graph` is the result of check_task().
// A task that is under way goes on from `history` at `now`. Fails with Corrupt if the state machine
// refuses what is played, and with Usage if a process fails again and again without a limit.
Result<PlannedTask> play(const TaskConfig& task, const Graph& graph, const Script& script,
                         History history = {}, Timestamp now = {kSecond, kSecond});

}  // namespace thermos
