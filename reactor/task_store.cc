#include "reactor/task_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "reactor/descriptor.h"
#include "reactor/stream_file.h"

namespace thermos {
namespace {

Error system_error(const std::string& what) {
  const ErrorCode code = errno == ENOENT                     ? ErrorCode::NotFound
                         : errno == EACCES || errno == EPERM ? ErrorCode::NotPermitted
                                                             : ErrorCode::System;
  return Error{code, what + ": " + std::strerror(errno)};
}

// Whatever stays behind on an error must not be taken for a task.
class Aside {
 public:
  explicit Aside(std::string path) : path_(std::move(path)) {}
  ~Aside() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

constexpr mode_t kOldShelfMode = 0755;

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("cannot write " + path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return Done{};
}

}  // namespace

Status make_directories(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Done{};
  if (errno != ENOENT) return system_error("cannot make " + path);
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return system_error("cannot make " + path);
  if (auto made = make_directories(path.substr(0, slash), mode); !made) return made;
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Done{};
  return system_error("cannot make " + path);
}

Status make_shelf(const Paths& paths, const std::string& name) {
  if (auto made = make_directories(paths.root(), 0755); !made) return made;
  return make_directories(paths.root() + "/" + name, kShelfMode);
}

void close_shelves(const Paths& paths) {
  for (const char* shelf :
       {"tasks", "tasks/active", "tasks/finished", "checkpoints", "sandboxes", "logs"}) {
    const Descriptor directory(open((paths.root() + "/" + shelf).c_str(),
                                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!directory || fstat(directory.get(), &info) != 0) continue;
    if (info.st_uid == geteuid() && (info.st_mode & 07777) == kOldShelfMode) {
      fchmod(directory.get(), kShelfMode);
    }
  }
}

Status make_task_directories(const Paths& paths, std::string_view task_id, bool durable) {
  for (const char* shelf : {"tasks/active", "tasks/finished", "checkpoints"}) {
    if (auto made = make_shelf(paths, shelf); !made) return made;
  }
  const std::string checkpoints = paths.checkpoint_dir(task_id);
  if (mkdir(checkpoints.c_str(), 0700) != 0) {
    if (errno == EEXIST) return Done{};
    return system_error("cannot make " + checkpoints);
  }
  return durable ? sync_directory(paths.checkpoints_dir()) : Status(Done{});
}

Status replace_file(const std::string& path, std::string_view text) {
  Aside aside(path + ".new");
  const Descriptor fd(
      open(aside.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error("cannot make " + aside.path());
  if (auto written = write_all(fd.get(), text, aside.path()); !written) return written;
  if (fsync(fd.get()) != 0) return system_error("cannot sync " + aside.path());
  if (rename(aside.path().c_str(), path.c_str()) != 0) return system_error("cannot make " + path);
  aside.keep();
  return sync_directory(path.substr(0, path.rfind('/')));
}

Status write_active_task(const Paths& paths, std::string_view task_id, std::string_view json,
                         bool durable) {
  const std::string target = paths.active_task(task_id);
  // In the checkpoint directory, not beside the target: a task id may take up all 255 bytes of a
  // name.
  Aside aside(paths.checkpoint_dir(task_id) + "/task");
  const Descriptor fd(
      open(aside.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error("cannot make " + aside.path());
  if (auto written = write_all(fd.get(), json, aside.path()); !written) return written;
  if (durable && fsync(fd.get()) != 0) return system_error("cannot sync " + aside.path());
  if (rename(aside.path().c_str(), target.c_str()) != 0) {
    return system_error("cannot make " + target);
  }
  aside.keep();
  if (!durable) return Done{};
  auto synced = sync_directory(paths.checkpoint_dir(task_id));
  if (synced) synced = sync_directory(paths.active_dir());
  if (!synced) unlink(target.c_str());  // whoever asked is told that there is no task
  return synced;
}

Status move_to_finished(const Paths& paths, std::string_view task_id, bool durable) {
  const std::string from = paths.active_task(task_id);
  const std::string to = paths.finished_task(task_id);
  if (rename(from.c_str(), to.c_str()) != 0) {
    if (errno == ENOENT && exists(to)) return Done{};
    return system_error("cannot move " + from + " to " + to);
  }
  if (!durable) return Done{};
  if (auto synced = sync_directory(paths.finished_dir()); !synced) return synced;
  return sync_directory(paths.active_dir());
}

Result<std::string> read_file(const std::string& path) {
  // O_NONBLOCK: a FIFO under this name must hang nobody. It means nothing to a file.
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_error("cannot read " + path);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return system_error("cannot read " + path);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::System, "cannot read " + path + ": no file"};
  std::string text;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read " + path);
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

bool exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  if (!dir) return names;
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace thermos
