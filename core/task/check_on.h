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
// What is wrong with the `on` of `placed`, the processes that have one: no name of a node, a
// process that is not there, or a ring of processes that are each to be where the next is. Of a
// ring, each of its processes is at fault.
std::vector<OnFault> find_on_faults(const TaskConfig& task,
                                    const std::vector<ProcessIndex>& placed);

}  // namespace thermos
