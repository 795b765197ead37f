// How a task ended, for the commands that go on with one and find that it is over.
#pragma once

#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/views/task_view.h"

namespace thermos {

// Prints how the task ended, and what failed in it. Returns the exit status that says the same.
// REQUIRES: the view has a history, and its task has ended.
CommandOutcome tell_end(const TaskView& view, const CommonOptions& common);

// The same of the task with that id; nothing if there is none, if it has not ended, or if what is
// recorded can't be read.
std::optional<CommandOutcome> tell_end_of(const std::string& task_id, const CommonOptions& common);

}  // namespace thermos
