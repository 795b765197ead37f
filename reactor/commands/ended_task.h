// Prints how a task ended, for commands that would continue a task and find that it has ended.
#pragma once

#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/views/task_view.h"

namespace thermos {

// Prints how the task ended, and its failed runs. Returns the exit status for its state. REQUIRES:
// the view has a history with a header, and its task has ended.
CommandOutcome tell_end(const TaskView& view, const CommonOptions& common);

// Calls tell_end() for the task with this id. Returns nothing if there is no such task, if it has
// not ended, or if its history can't be read.
std::optional<CommandOutcome> tell_end_of(const std::string& task_id, const CommonOptions& common);

}  // namespace thermos
