// How long a task will take yet, by the runs of earlier tasks of its name.
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
  // Reads the latest few tasks of the same name under the root, which takes some milliseconds;
  // those that the caller may not read, or that can't be read, are left out.
  TimeLeft(const Paths& paths, const TaskConfig& task, const std::string& task_id);

  // Plays what is left of the task on a virtual clock: microseconds. Nothing if it does not end by
  // itself, if nobody knows how long something of it takes, or if the task is so large that to play
  // it would hold up who asks.
  std::optional<Microseconds> of(const History& history, Timestamp now) const;

 private:
  TaskConfig task_;
  std::optional<Graph> graph_;
  PastTimes past_;
};

// The same for whoever asks again and again while the task runs: its estimate counts down between
// two plays, and these take at most a fiftieth of the time. The earlier tasks are read when the
// task has run for a second: a short one does not pay for them.
class TimeLeftLine {
 public:
  // `task` outlives this.
  TimeLeftLine(Paths paths, const TaskConfig& task);

  // `now` is the time of asking.
  std::optional<Microseconds> of(const History& history, Timestamp now);

 private:
  Paths paths_;
  const TaskConfig& task_;
  std::optional<TimeLeft> estimate_;
  std::optional<Microseconds> end_;  // boot time
  Microseconds next_ = 0;            // boot time of the next play
};

}  // namespace thermos
