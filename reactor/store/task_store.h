// A task's files under the root: made, found, and moved to finished. Everything is made so that a
// crash at any point leaves either no task or a whole one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"

namespace thermos {

// Of the directories in which each task has an entry: everybody may pass through to what is theirs
// in it, and nobody else may list them. What tasks there are is the business of who may see them.
inline constexpr unsigned kTaskDirectoryMode = 0711;

// Makes <root>/<name>, such a directory.
Status make_task_directory(const Paths& paths, const std::string& name);

// Earlier versions let everybody list those directories. What is ours and still exactly as they
// made it is mended.
void close_task_directories(const Paths& paths);

// Makes the root's directories, and the task's checkpoint directory (0700). Harmless when they are
// there. `durable`: names reach the disk before this returns.
Status make_task_directories(const Paths& paths, std::string_view task_id, bool durable);

// Puts `json` at tasks/active/<task_id>: written aside, synced, renamed, the directory synced.
Status write_active_task(const Paths& paths, std::string_view task_id, std::string_view json,
                         bool durable);

// tasks/active/<task_id> becomes tasks/finished/<task_id>. Harmless when it has moved already.
Status move_to_finished(const Paths& paths, std::string_view task_id, bool durable);

}  // namespace thermos
