// Reads the recorded configuration of a task, for code that only looks at the task.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Reads the file of the task `id` in `directory`. Returns nothing if it can't be read.
std::optional<TaskConfig> read_recorded_config(const Paths& paths, const std::string& id,
                                               TaskDirectory directory);

// Reads only the task's name from that file. Returns "" if it can't be read.
std::string read_recorded_name(const Paths& paths, const std::string& id, TaskDirectory directory);

// Returns the task's processes that have no run in its history, not even a WAITING one.
std::vector<std::string> not_started(const TaskConfig& task, const History& history);

}  // namespace thermos
