// The JSON of one task in the list of tasks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/record/history.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"

namespace thermos::observe {

// Returns the keys of `status --json` that fit on a line, and the further keys that a list needs.
// `processes` is the number of processes in the configuration; nothing if it is unknown.
Json task_row(const TaskEntry& entry, const History& history, std::optional<std::size_t> processes);
// Returns the row of a task that can't be read.
Json task_row(const TaskEntry& entry, const std::string& error);

}  // namespace thermos::observe
