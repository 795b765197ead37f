// What the list of tasks says of one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/record/history.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"

namespace thermos::observe {

// The keys of `status --json` that fit on a line, and what a list needs beside. `processes`: how
// many its configuration has; nothing: not known.
Json task_row(const TaskEntry& entry, const History& history, std::optional<std::size_t> processes);
// The same of a task that can't be read.
Json task_row(const TaskEntry& entry, const std::string& error);

}  // namespace thermos::observe
