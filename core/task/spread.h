// `on: each`: one process for each node.
#pragma once

#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Puts in the place of each process that is to run on each node one for each of `nodes`, called
// NAME@NODE. Who waits for NAME then waits for all of them; where an order names it, each of them
// has its place. {node} in the files of such a process is its node, and in those of others it makes
// one path for each node. Without nodes, it runs on this machine, and {node} is "here". Returns
// whether anything has changed.
// REQUIRES: check_task() accepted the task.
bool spread_over(TaskConfig& task, const std::vector<std::string>& nodes);
// Whether spread_over() changes the task.
bool is_spread(const TaskConfig& task);

}  // namespace thermos
