// Imports tasks of Apache Thermos: writes their histories and configurations under another root in
// this program's format. Changes and locks nothing under the old root, and signals none of its
// processes.
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

// Returns the ids of all tasks under a root of Apache Thermos: those with a task file and those
// with a checkpoint directory. Fails with NotFound if there is no such root, NotPermitted, or
// System.
Result<std::vector<std::string>> list_ancestor_tasks(const Paths& from);

struct ImportedTask {
  TaskState state = TaskState::Lost;
  bool was_active = false;  // the task's file was in tasks/active
  bool before = false;      // the task had been imported already, and nothing was written
};

// Returns whether a task was imported. An imported task's logs and sandbox belong to the root it
// comes from.
bool was_imported(const History& history);

class TaskImport {
 public:
  // Creates the directories of the root `to`, and locks out other imports into it while this object
  // lives. Fails with Usage if both roots are the same, with Busy if another import into `to` is
  // running, or with NotPermitted or System.
  static Result<TaskImport> begin(Paths from, Paths to);
  TaskImport(TaskImport&& other) noexcept = default;
  TaskImport& operator=(TaskImport&& other) noexcept = delete;
  ~TaskImport();

  // Imports one task as a finished one. If the task or a run had no end on record, it is LOST. The
  // reason of its first task status names the root it comes from. On an error nothing of the task
  // is left under `to`. After a crash, the next call with this id completes the import. Fails with
  // Usage if `to` has another task with this id, and as read_ancestor_task() and config::load() do.
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
