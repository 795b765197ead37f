// Takes over tasks of Apache Thermos: writes what is recorded of them under another root as this
// program records it. Nothing of the old root is changed, locked or signalled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/record/state.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// The ids of all tasks under a root of Apache Thermos: of its task files, and of its checkpoints.
// Fails with NotFound if there is no such root, NotPermitted, or System.
Result<std::vector<std::string>> list_ancestor_tasks(const Paths& from);

struct ImportedTask {
  TaskState state = TaskState::Lost;
  bool was_active = false;  // its file was among the active ones
  bool before = false;      // it had been imported already, and nothing was written
};

// Whether a task was taken over. Its logs, and its sandbox, belong to the root it comes from.
bool was_imported(const History& history);

class TaskImport {
 public:
  // Makes the directories of the root `to`, and keeps other imports into it out for as long as this
  // lives. Fails with Usage if both are the same root, Busy, NotPermitted, or System.
  static Result<TaskImport> begin(Paths from, Paths to);
  TaskImport(TaskImport&& other) noexcept = default;
  TaskImport& operator=(TaskImport&& other) noexcept = delete;
  ~TaskImport();

  // Takes over one task; it is finished then, and what had no end is LOST. The first of its task
  // statuses says where it comes from. On an error nothing of the task is left, and after a crash
  // the next call with this id completes it. Fails with Usage if there is another task of this id;
  // else as read_ancestor_task() and config::load().
  Result<ImportedTask> take(const std::string& id);

 private:
  TaskImport(Paths from, Paths to, Descriptor lock)
      : from_(std::move(from)), to_(std::move(to)), lock_(std::move(lock)) {}
  Result<bool> checkpoint_is_there(const std::string& id) const;
  Result<std::string> task_json(const std::string& id, const History& history) const;
  Status write_checkpoint(const std::string& id, const History& history) const;
  Status write_stream(const std::string& directory, const History& history) const;
  Status write_task_file(const std::string& id, const std::string& json) const;
  std::string aside() const { return to_.checkpoints_dir() + "/.importing"; }

  Paths from_;
  Paths to_;
  Descriptor lock_;
};

}  // namespace thermos
