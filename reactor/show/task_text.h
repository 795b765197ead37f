// A task's configuration as text: the output of `thermos inspect`.
#pragma once

#include <string>

#include "core/task/task.h"

namespace thermos {

// Returns the task, each process with its command and the values that differ from the defaults, and
// the order.
std::string task_text(const TaskConfig& task);

// Returns the values of a process that differ from the defaults: "max_failures 2, daemon"; "" if
// there are none.
std::string settings_text(const ProcessConfig& process);
// Returns what the process runs, each line indented and with a newline.
std::string command_text(const ProcessConfig& process);

}  // namespace thermos
