// Checks whether another user owns a task's files.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Returns "PATH belongs to uid N" for the first of the task's file, checkpoint directory and
// runner's stream that belongs neither to the effective uid nor to the user `also`; "" if there is
// none. A user who can write these files could have this program run any command as any user, so
// callers check this before they lead a task from its records.
std::string foreign_file(const Paths& paths, const TaskEntry& task,
                         std::optional<uid_t> also = std::nullopt);

// Does the same check for a command that leads a recorded task. The files may also belong to
// `user`, the task's user on record. Fails with NotPermitted if they belong to anyone else.
Status check_own_files(const Paths& paths, const TaskEntry& task, const std::string& user);

}  // namespace thermos
