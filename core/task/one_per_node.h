// `on: each`: one process for each node.
#pragma once

#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Replaces each process that is to run on each node by one process for each of `nodes`, called
// NAME@NODE. A process that waits for NAME then waits for all of them, and each takes the place of
// NAME in an order. {node} in the files of such a process is the name of its node; in the files of
// other processes, a path with {node} becomes one path for each node. If `nodes` is empty, a
// process that is to run on each node runs on this machine, and {node} is "here". Returns whether
// the task has changed. REQUIRES: check_task() accepted the task.
bool spread_over(TaskConfig& task, const std::vector<std::string>& nodes);
// Whether spread_over() changes the task.
bool is_spread(const TaskConfig& task);

}  // namespace thermos
