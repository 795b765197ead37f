// Checks where the processes of a task are to run.
#pragma once

#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

struct OnFault {
  std::string path;  // "processes[3].on"
  std::string what;
};
// Returns what is wrong with the `on` of `placed`, the processes that have one: a text that can't
// be a node's name, a process that does not exist or that runs on each node, or a ring of processes
// each of which is to be where the next one is. Each process of a ring gets a fault.
std::vector<OnFault> find_on_faults(const TaskConfig& task,
                                    const std::vector<ProcessIndex>& placed);

}  // namespace thermos
