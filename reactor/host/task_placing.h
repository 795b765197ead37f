// How a new task gets its file in tasks/active: durably, and together with those of other tasks.
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

// In this order: files(), which the caller syncs; rename(); then the caller syncs
// Paths::active_dir(). Until then the task may be gone after a power cut, so nothing may be
// recorded of it, and nobody be told. Or else drop(). Borrows `paths`.
class TaskPlacing {
 public:
  // `file` is what prepare_active_task() returned.
  TaskPlacing(const Paths& paths, std::string task_id, Descriptor file)
      : paths_(paths), id_(std::move(task_id)), file_(std::move(file)) {}

  // The task's file, its checkpoint directory, and the one above; none behind rename().
  Result<std::vector<GroupSync::File>> files();
  // REQUIRES: `synced` is what became of files().
  Status rename(std::span<const GroupSync::File> synced);
  // Leaves nothing of it but an empty stream.
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
