// A task's configuration as text: the output of `thermos inspect`.
#pragma once

#include <string>

#include "core/task/task.h"

namespace thermos {

// Returns the task, each process with its command and the values that differ from the defaults, and
// the order.
std::string task_text(const TaskConfig& task);

}  // namespace thermos
