#include "reactor/host/new_task_file.h"

#include <fcntl.h>

#include <cerrno>

#include "reactor/os/errors.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

Descriptor open_to_sync(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

Result<std::vector<GroupSync::File>> TaskPlacing::files() {
  std::vector<GroupSync::File> files;
  if (renamed_) return files;
  directory_ = open_to_sync(paths_.checkpoint_dir(id_));
  if (directory_) above_ = open_to_sync(paths_.checkpoints_dir());
  if (!directory_ || !above_) {
    return system_error("cannot open the checkpoints of task " + id_, errno);
  }
  for (const Descriptor* one : {&file_, &directory_, &above_}) files.push_back({one->get(), false});
  return files;
}

Status TaskPlacing::rename(std::span<const GroupSync::File> synced) {
  for (const GroupSync::File& file : synced) {
    if (file.error != 0) return system_error("cannot sync the files of task " + id_, file.error);
  }
  if (auto placed = place_active_task(paths_, id_); !placed) return placed;
  renamed_ = true;
  for (Descriptor* one : {&file_, &directory_, &above_}) one->reset();
  return Done{};
}

void TaskPlacing::drop() const {
  drop_active_task(paths_, id_);
}

}  // namespace thermos
