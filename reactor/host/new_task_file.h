// Puts the file of a new task into tasks/active durably, in steps, so that the files of several
// tasks can be synced together.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/group_sync.h"

namespace thermos {

// The caller calls files() and syncs them, then calls rename(), and then syncs Paths::active_dir().
// Until that is done, a power cut may remove the task, so no record of it may be written and no
// client may be told of it. If a step fails, the caller calls drop(). Borrows `paths`.
class TaskPlacing {
 public:
  // `file` is the descriptor that prepare_active_task() returned.
  TaskPlacing(const Paths& paths, std::string task_id, Descriptor file)
      : paths_(paths), id_(std::move(task_id)), file_(std::move(file)) {}

  // Returns the task's file, its checkpoint directory, and the directory above; none after
  // rename().
  Result<std::vector<GroupSync::File>> files();
  // Renames the file into tasks/active. REQUIRES: `synced` is the result of syncing files(). Fails
  // if one of these syncs failed.
  Status rename(std::span<const GroupSync::File> synced);
  // Removes the task's file. An empty stream is left.
  void drop() const;

 private:
  const Paths& paths_;
  std::string id_;
  Descriptor file_;
  Descriptor directory_;
  Descriptor above_;
  bool renamed_ = false;
};

}  // namespace thermos
