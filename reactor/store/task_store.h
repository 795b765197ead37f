// Creates a task's files under the root and moves them to finished, so that a crash at any point
// leaves either no task or a complete one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// The mode of the directories that hold an entry for each task. Every user may pass through to
// their own entry, and only the owner may list them: the list of tasks is for those who may see the
// tasks.
inline constexpr unsigned kTaskDirectoryMode = 0711;

// Creates the directory <root>/<name> with kTaskDirectoryMode. Does nothing if it exists.
Status make_task_directory(const Paths& paths, const std::string& name);

// Earlier versions created these directories with mode 0755. Changes those that are ours and still
// have that mode.
void close_task_directories(const Paths& paths);

// Creates the root's directories and the task's checkpoint directory (0700). Does nothing if they
// exist. Returns whether the last one is new; the caller syncs Paths::checkpoints_dir() then.
Result<bool> make_task_directories(const Paths& paths, std::string_view task_id);

// Writes `json` to tasks/active/<task_id>: to another file first, which is renamed into place.
// `durable`: the file and its directory are synced.
Status write_active_task(const Paths& paths, std::string_view task_id, std::string_view json,
                         bool durable);

// The same in steps, so that a caller can sync the files of many tasks together. First writes the
// other file, in the checkpoint directory, and returns it, open. Then the caller syncs the file,
// the checkpoint directory and the one above it.
Result<Descriptor> prepare_active_task(const Paths& paths, std::string_view task_id,
                                       std::string_view json);
// Then renames it into place. Then the caller syncs Paths::active_dir().
Status place_active_task(const Paths& paths, std::string_view task_id);
// Removes what these two made: whoever asked is told that there is no task.
void drop_active_task(const Paths& paths, std::string_view task_id);

// Whether that file is empty, or begins with a zero byte: a loss of power leaves it so where it was
// not synced. False if it is not there or can't be read.
bool active_task_is_blank(const Paths& paths, std::string_view task_id);
// The error of who needs what was in it. `thermos run` brings that along.
Error blank_task(const Paths& paths, std::string_view task_id);

// Replaces the file of a task that is there. It and its directory are synced, whatever `--sync`
// says: the old one may have been on the disk for long, and must not give way to a name without
// contents. On an error the old file or the new one is in place.
Status replace_active_task(const Paths& paths, std::string_view task_id, std::string_view json);

// Renames tasks/active/<task_id> to tasks/finished/<task_id>. Does nothing if that has happened
// already. The caller syncs both directories.
Status rename_to_finished(const Paths& paths, std::string_view task_id);
// The same; `durable`: both directories are synced.
Status move_to_finished(const Paths& paths, std::string_view task_id, bool durable);

}  // namespace thermos
