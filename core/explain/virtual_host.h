// A host of the task's state machine in which time is a number: every run takes as long as it is
// told to, nothing fails but what is to fail, and a task of days is over in milliseconds.
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

// What came of one process.
struct PlannedProcess {
  static constexpr ProcessIndex kNobody = static_cast<ProcessIndex>(-1);

  std::optional<Microseconds> start;  // of its first run, from the beginning
  std::optional<Microseconds> end;    // of its last run; nothing: it does not end
  std::uint32_t runs = 0;
  ProcessState state = ProcessState::Waiting;  // of its last run
  // Whose transition let its first run start, and made the runner end it.
  ProcessIndex after = kNobody;
  ProcessIndex ended_by = kNobody;
};

struct PlannedTask {
  TaskState state = TaskState::Active;  // ACTIVE: it does not end by itself
  Microseconds end = 0;                 // from the beginning; of the last event if it does not end
  std::vector<PlannedProcess> processes;
  ProcessIndex last = PlannedProcess::kNobody;  // whose transition ended it
};

// What the host plays, by process.
struct Script {
  // How long the next run of `p` takes. It is asked at each launch.
  std::function<RunTimes(ProcessIndex p)> times;
  std::vector<bool> fails;  // all runs of it end FAILED; empty: none does
};

// The task as a virtual host can run it: nothing is asked or watched, and pools that are not its
// own are large enough.
TaskConfig plannable(const TaskConfig& task);

// Runs `task`, which is plannable(), to its end. `graph` is the result of check_task(). A task that
// is under way goes on from `history` at `now`. Fails with Corrupt if the state machine refuses
// what is played.
Result<PlannedTask> play(const TaskConfig& task, const Graph& graph, const Script& script,
                         History history = {}, Timestamp now = {kSecond, kSecond});

}  // namespace thermos
