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
// their own entry, and only the owner may list them, because only users who may see the tasks may
// see the list.
inline constexpr unsigned kTaskDirectoryMode = 0711;

// Creates the directory <root>/<name> with kTaskDirectoryMode. Does nothing if it exists.
Status make_task_directory(const Paths& paths, const std::string& name);

// Sets kTaskDirectoryMode on those of these directories that belong to this program's user and have
// mode 0755, with which earlier versions created them.
void close_task_directories(const Paths& paths);

// Creates the root's directories and the task's checkpoint directory (0700). Does nothing if they
// exist. Returns whether the checkpoint directory is new. If so, the caller syncs
// Paths::checkpoints_dir().
Result<bool> make_task_directories(const Paths& paths, std::string_view task_id);

// Writes `json` to a temporary file in the checkpoint directory and renames it to
// tasks/active/<task_id>. If `durable`, syncs the file and both directories.
Status write_active_task(const Paths& paths, std::string_view task_id, std::string_view json,
                         bool durable);

// The first step of write_active_task(), for a caller that syncs the files of many tasks together:
// writes the temporary file in the checkpoint directory and returns it, open. The caller then syncs
// the file, the checkpoint directory and the directory above that.
Result<Descriptor> prepare_active_task(const Paths& paths, std::string_view task_id,
                                       std::string_view json);
// The second step: renames the temporary file into place. The caller then syncs
// Paths::active_dir().
Status place_active_task(const Paths& paths, std::string_view task_id);
// Removes the files that these two calls made, for a caller that reports that the task was not
// created.
void drop_active_task(const Paths& paths, std::string_view task_id);

// Returns whether the task's file in tasks/active is empty or begins with a zero byte. A loss of
// power leaves it so if it was not synced. Returns false if it is not there or can't be read.
bool active_task_is_blank(const Paths& paths, std::string_view task_id);
// Returns the error for a caller that needs the lost contents of a blank file. `thermos run` does
// not need them, because it is given the configuration.
Error blank_task(const Paths& paths, std::string_view task_id);

// Replaces the file of an existing active task. Syncs the new file and its directory, whatever
// `--sync` says: the old file may have been on the disk for long, and must not be replaced by a
// name without contents. On an error either the old or the new file is in place.
Status replace_active_task(const Paths& paths, std::string_view task_id, std::string_view json);

// Renames tasks/active/<task_id> to tasks/finished/<task_id>. Does nothing if it is there already.
// The caller syncs both directories.
Status rename_to_finished(const Paths& paths, std::string_view task_id);
// Calls rename_to_finished() and, if `durable`, syncs both directories.
Status move_to_finished(const Paths& paths, std::string_view task_id, bool durable);

}  // namespace thermos
