// Processes of a task that can't be launched for now, because the machine is short of something.
// The log gets one line when the shortage begins and one when it is over, however many processes
// wait and however often they are tried.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "core/task/task.h"

namespace thermos {

class LaunchShortage {
 public:
  // `task_id` and `task` outlive this.
  LaunchShortage(const std::string& task_id, const TaskConfig& task)
      : task_id_(task_id), task_(task) {}

  // The launch of `p` failed for `reason`, and will be tried again.
  void add(ProcessIndex p, const std::string& reason);
  // Called at the end of a turn: logs a shortage that began or ended in it. `waits` tells whether a
  // process still waits for its launch. Takes constant time (amortized).
  void report(const std::function<bool(ProcessIndex)>& waits);

 private:
  const std::string& task_id_;
  const TaskConfig& task_;
  std::unordered_set<ProcessIndex> waiting_;
  std::string reason_;
  bool said_ = false;
};

}  // namespace thermos
