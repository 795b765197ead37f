// Processes of a task that can't be launched for now, because the machine is short of something.
// It is said once when that begins and once when it is over, however many wait and however often
// they are tried.
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

  // The launch of `p` failed for `reason` and is to be tried again.
  void add(ProcessIndex p, const std::string& reason);
  // At the end of a turn: says what has begun or ended in it. `waits`: whether a process still
  // waits for its launch. Costs nothing where nobody does, and constant time otherwise.
  void report(const std::function<bool(ProcessIndex)>& waits);

 private:
  const std::string& task_id_;
  const TaskConfig& task_;
  std::unordered_set<ProcessIndex> waiting_;
  std::string reason_;
  bool said_ = false;
};

}  // namespace thermos
