// Estimates the time until a task ends from the runs of earlier tasks with its name.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/explain/past_times.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

class TimeLeft {
 public:
  // Reads the latest few tasks with the same name under the root, which takes some milliseconds.
  // Leaves out tasks that can't be read, or that the caller may not read.
  TimeLeft(const Paths& paths, const TaskConfig& task, const std::string& task_id);

  // Simulates the rest of the task on a virtual clock and returns the time left in microseconds.
  // Returns nothing if the task does not end by itself, if the time of one of its processes is not
  // known, or if the task is so large (over 10,000 processes) that the simulation would delay the
  // caller.
  std::optional<Microseconds> of(const History& history, Timestamp now) const;

 private:
  TaskConfig task_;
  std::optional<Graph> graph_;
  PastTimes past_;
};

// The estimate for a caller that asks repeatedly while the task runs. It counts down between two
// simulations, which take at most a fiftieth of the time. The earlier tasks are read one second
// after the first call of of(), so that a short task does not pay for that.
class TimeLeftLine {
 public:
  // `task` outlives this.
  TimeLeftLine(Paths paths, const TaskConfig& task);

  // Returns the time left at `now`, which is the current time; nothing if it is not known.
  std::optional<Microseconds> of(const History& history, Timestamp now);

 private:
  Paths paths_;
  const TaskConfig& task_;
  std::optional<TimeLeft> estimate_;
  std::optional<Microseconds> end_;  // boot time
  Microseconds next_ = 0;            // boot time of the next simulation
};

}  // namespace thermos
