// Compares two configurations of one task, process by process.
#pragma once

#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos::config {

// The names of the processes that differ. What the task defines for all its processes (env, cwd,
// secret, user) belongs to the definition of each process; what only plans them (constraints,
// limits, pools) does not.
struct TaskChange {
  std::vector<std::string> changed;  // in both configurations, with different definitions
  std::vector<std::string> added;
  std::vector<std::string> removed;
};

TaskChange change_of(const TaskConfig& before, const TaskConfig& after);

}  // namespace thermos::config
