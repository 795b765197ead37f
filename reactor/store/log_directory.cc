#include "reactor/store/log_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/record/paths.h"
#include "reactor/os/account.h"
#include "reactor/os/errors.h"
#include "reactor/os/task_user.h"
#include "reactor/store/run_logs.h"

namespace thermos {
namespace {

constexpr uid_t kRoot = 0;

Error not_theirs(const std::string& path, const std::string& what) {
  return {ErrorCode::NotPermitted,
          path + " is " + what + ": it is not the task's own output file, so it is not shown"};
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

FileOwner log_reader_of(const RunnerHeader& header, std::uint32_t recorded_by) {
  if (geteuid() != kRoot) return {header.user, header.uid, header.uid, {}, false};
  FileOwner reader{header.user, header.uid, header.uid, {}, header.uid != kRoot};
  if (recorded_by != kRoot) {
    // The root directory belongs to that user, who can write anything into its records.
    const std::optional<Account> account = find_account(recorded_by);
    const std::string name = account ? account->name : std::to_string(recorded_by);
    reader = {name, recorded_by, recorded_by, {}, true};
  }
  // Uses the user's groups, if the user still has an account.
  TaskUser known;
  if (!find_task_user(reader.name, known)) return known;
  return reader;
}

Result<LogDirectory> LogDirectory::enter(const RunnerHeader& header, const FileOwner& owner,
                                         const std::string& process, std::uint32_t run) {
  std::string path = run_log_dir(header.log_dir, process, run);
  Descriptor at;
  if (auto error = enter_run_logs(header, owner, process, run, at)) return *error;
  return LogDirectory(std::move(at), std::move(path), owner);
}

Result<Descriptor> LogDirectory::open(const std::string& name) const {
  const AsUser self(owner_);
  if (!self.holds()) return cannot_act_as(owner_);
  // Opened with O_NONBLOCK, because a FIFO must not block the reader.
  Descriptor file(
      openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file && errno == ELOOP) return not_theirs(path_of(name), "a symbolic link");
  if (!file && errno == ENXIO) return not_theirs(path_of(name), "a socket or a device");
  if (!file) return system_error(path_of(name), errno);
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return system_error(path_of(name), errno);
  if (!S_ISREG(info.st_mode)) return not_theirs(path_of(name), kind_of(info.st_mode));
  // A reader who is not root can read only files that it may read anyway.
  if (geteuid() != kRoot) return file;
  if (info.st_uid != owner_.uid && info.st_uid != kRoot) {
    return not_theirs(path_of(name), "uid " + std::to_string(info.st_uid) + "'s");
  }
  if (info.st_nlink > 1) return not_theirs(path_of(name), "a file that has another name, too");
  return file;
}

std::uint64_t LogDirectory::inode_of(const std::string& name) const {
  struct stat info {};
  if (fstatat(fd_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return info.st_ino;
}

std::string LogDirectory::watched_path(const std::string& name) const {
  return "/proc/self/fd/" + std::to_string(fd_.get()) + "/" + name;
}

}  // namespace thermos
