// A task's configuration for people: what `thermos inspect` prints.
#pragma once

#include <string>

#include "core/task/task.h"

namespace thermos {

// The task, each process with its command and what differs from the defaults, and the order.
std::string task_text(const TaskConfig& task);

}  // namespace thermos
