#include "reactor/store/task_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr mode_t kOldDirectoryMode = 0755;

// Returns the path of the temporary file. It is in the checkpoint directory, not beside the target,
// because a task's id may use all 255 bytes of a file name.
std::string aside_of(const Paths& paths, std::string_view task_id) {
  return paths.checkpoint_dir(task_id) + "/task";
}

Status sync_active(const Paths& paths, std::string_view task_id) {
  auto synced = sync_directory(paths.checkpoint_dir(task_id));
  return synced ? sync_directory(paths.active_dir()) : synced;
}

}  // namespace

Status make_task_directory(const Paths& paths, const std::string& name) {
  if (auto made = make_directories(paths.root(), 0755); !made) return made;
  return make_directories(paths.root() + "/" + name, kTaskDirectoryMode);
}

void close_task_directories(const Paths& paths) {
  for (const char* name :
       {"tasks", "tasks/active", "tasks/finished", "checkpoints", "sandboxes", "logs"}) {
    const Descriptor directory(
        open((paths.root() + "/" + name).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!directory || fstat(directory.get(), &info) != 0) continue;
    if (info.st_uid == geteuid() && (info.st_mode & 07777) == kOldDirectoryMode) {
      fchmod(directory.get(), kTaskDirectoryMode);
    }
  }
}

Result<bool> make_task_directories(const Paths& paths, std::string_view task_id) {
  for (const char* directory : {"tasks/active", "tasks/finished", "checkpoints"}) {
    if (auto made = make_task_directory(paths, directory); !made) return made.error();
  }
  const std::string checkpoints = paths.checkpoint_dir(task_id);
  if (mkdir(checkpoints.c_str(), 0700) == 0) return true;
  if (errno == EEXIST) return false;
  return system_error("cannot make " + checkpoints, errno);
}

Result<Descriptor> prepare_active_task(const Paths& paths, std::string_view task_id,
                                       std::string_view json) {
  return write_file(aside_of(paths, task_id), json);
}

Status place_active_task(const Paths& paths, std::string_view task_id) {
  const std::string target = paths.active_task(task_id);
  if (rename(aside_of(paths, task_id).c_str(), target.c_str()) == 0) return Done{};
  return system_error("cannot make " + target, errno);
}

void drop_active_task(const Paths& paths, std::string_view task_id) {
  unlink(aside_of(paths, task_id).c_str());
  unlink(paths.active_task(task_id).c_str());
}

Status write_active_task(const Paths& paths, std::string_view task_id, std::string_view json,
                         bool durable) {
  const std::string target = paths.active_task(task_id);
  if (auto placed = place_file(target, json, aside_of(paths, task_id), durable); !placed) {
    return placed;
  }
  Status synced = durable ? sync_active(paths, task_id) : Status(Done{});
  if (!synced) unlink(target.c_str());  // the caller reports that there is no task
  return synced;
}

bool active_task_is_blank(const Paths& paths, std::string_view task_id) {
  const Descriptor file(
      open(paths.active_task(task_id).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  char first = 0;
  return read(file.get(), &first, 1) >= 0 && first == 0;
}

Error blank_task(const Paths& paths, std::string_view task_id) {
  return {ErrorCode::Corrupt, paths.active_task(task_id) +
                                  " has no contents, as a loss of power may leave it; "
                                  "`thermos run` with its configuration and id goes on with it"};
}

Status replace_active_task(const Paths& paths, std::string_view task_id, std::string_view json) {
  auto placed = place_file(paths.active_task(task_id), json, aside_of(paths, task_id), true);
  return placed ? sync_active(paths, task_id) : placed;
}

Status rename_to_finished(const Paths& paths, std::string_view task_id) {
  const std::string from = paths.active_task(task_id);
  const std::string to = paths.finished_task(task_id);
  if (rename(from.c_str(), to.c_str()) != 0) {
    if (errno == ENOENT && exists(to)) return Done{};
    return system_error("cannot move " + from + " to " + to, errno);
  }
  return Done{};
}

Status move_to_finished(const Paths& paths, std::string_view task_id, bool durable) {
  auto renamed = rename_to_finished(paths, task_id);
  if (!renamed || !durable) return renamed;
  if (auto synced = sync_directory(paths.finished_dir()); !synced) return synced;
  return sync_directory(paths.active_dir());
}

}  // namespace thermos
