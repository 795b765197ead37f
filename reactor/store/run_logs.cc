#include "reactor/store/run_logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/record/paths.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

constexpr unsigned kDirectoryMode = 0700;
constexpr unsigned kFileMode = 0600;
constexpr int kStep = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

using Failure = std::optional<LaunchError>;

constexpr const char* kLogs = ".logs";

// Returns the name of the log directory in a sandbox where another task has the usual name. The id
// is cut at its beginning, because a file's name has at most 255 bytes and long ids differ at their
// ends.
std::string own_logs(const std::string& task_id) {
  constexpr std::size_t kMost = 240;
  const std::size_t cut = task_id.size() > kMost ? task_id.size() - kMost : 0;
  return std::string(kLogs) + "-" + task_id.substr(cut);
}

// Returns the name of the log directory if it is in the sandbox; else "".
std::string name_in_sandbox(const RunnerHeader& header) {
  for (std::string name : {std::string(kLogs), own_logs(header.task_id)}) {
    if (header.log_dir == header.sandbox + "/" + name) return name;
  }
  return {};
}

bool in_sandbox(const RunnerHeader& header) {
  return !name_in_sandbox(header).empty();
}

std::string user_of(const FileOwner& owner) {
  return owner.change ? " as " + owner.name : "";
}

// Returns the error for something else in the place of a directory or file of the task's.
Failure not_ours(const std::string& path, const std::string& what) {
  return LaunchError{false, path + " is " + what +
                                "; remove it: every directory above a task's output must "
                                "belong to its user"};
}

Failure cannot(const std::string& doing, const std::string& path, const FileOwner& owner,
               int error_number) {
  return launch_error("cannot " + doing + " " + path + user_of(owner), error_number);
}

// Opens the directory `name` in `above` into `below`. Checks it, because another user may have put
// anything there.
Failure enter(const Descriptor& above, const std::string& name, const std::string& path,
              const FileOwner& owner, Descriptor& below) {
  below.reset(openat(above.get(), name.c_str(), kStep));
  if (!below) {
    if (errno == ELOOP || errno == ENOTDIR) return not_ours(path, "a link, or not a directory");
    return cannot("enter", path, owner, errno);
  }
  struct stat info {};
  if (fstat(below.get(), &info) != 0) return cannot("look at", path, owner, errno);
  // Root may write its logs into another user's directory, because that user can't harm root there
  // as long as no link is followed. Any other user would give that user their output.
  if (owner.uid != 0 && info.st_uid != owner.uid && info.st_uid != 0) {
    return not_ours(path, "uid " + std::to_string(info.st_uid) + "'s");
  }
  return std::nullopt;
}

Failure make_and_enter(Descriptor& at, const std::string& name, std::string& path,
                       const FileOwner& owner) {
  path += "/" + name;
  if (mkdirat(at.get(), name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return cannot("make", path, owner, errno);
  }
  Descriptor below;
  if (auto error = enter(at, name, path, owner, below)) return error;
  at = std::move(below);
  return std::nullopt;
}

// Opens a directory if no user but root can have changed where its path leads.
Descriptor open_if_roots_alone(const std::string& path) {
  Descriptor at(open("/", kStep));
  for (std::size_t begin = 1; at;) {
    struct stat info {};
    if (fstat(at.get(), &info) != 0 || info.st_uid != 0) return {};
    const bool others_write = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    const bool last = begin >= path.size();
    // In a sticky directory, others can't move a file of root's. But at the end of the path they
    // could create a file before this program does.
    if (others_write && (last || (info.st_mode & S_ISVTX) == 0)) return {};
    if (last) return at;
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (!name.empty()) at.reset(openat(at.get(), name.c_str(), kStep));
    begin = end + 1;
  }
  return {};
}

Failure give_to(int directory, const std::string& path, const FileOwner& owner) {
  struct stat info {};
  if (fstat(directory, &info) != 0) return cannot("look at", path, owner, errno);
  if (info.st_uid == owner.uid) return std::nullopt;
  if (info.st_uid != geteuid()) return not_ours(path, "uid " + std::to_string(info.st_uid) + "'s");
  if (fchown(directory, owner.uid, owner.gid) != 0) {
    return launch_error("cannot give " + path + " to " + owner.name, errno);
  }
  return std::nullopt;
}

// Creates the log directory as root, in a sandbox to which the task's user can't write. Does so
// only if no other user controls the path to the sandbox.
Failure make_logs_for(const RunnerHeader& header, const std::string& name, const FileOwner& owner) {
  const Descriptor sandbox = open_if_roots_alone(header.sandbox);
  if (!sandbox) return cannot("make", header.log_dir, owner, EACCES);
  if (mkdirat(sandbox.get(), name.c_str(), kDirectoryMode) != 0) {
    return cannot("make", header.log_dir, owner, errno);
  }
  const Descriptor made(
      openat(sandbox.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) return cannot("enter", header.log_dir, owner, errno);
  return give_to(made.get(), header.log_dir, owner);
}

LaunchError cannot_log_as(const FileOwner& owner) {
  return {true, cannot_act_as(owner).message};
}

Failure enter_sandbox(const RunnerHeader& header, const FileOwner& owner, Descriptor& sandbox) {
  sandbox.reset(open(header.sandbox.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (sandbox) return std::nullopt;
  if (errno == ENOENT) return LaunchError{false, "the sandbox " + header.sandbox + " is gone"};
  return cannot("enter the sandbox", header.sandbox, owner, errno);
}

// Opens the directory at which the walk begins: the sandbox, which is entered as the task's user,
// or a log directory under the root, which that user perhaps could not reach.
Failure open_base(const RunnerHeader& header, const FileOwner& owner, Descriptor& at,
                  std::string& path) {
  if (!in_sandbox(header)) {
    const std::string above = header.log_dir.substr(0, header.log_dir.rfind('/'));
    if (!above.empty()) {
      if (auto made = make_directories(above, kTaskDirectoryMode); !made) {
        return LaunchError{made.error().code == ErrorCode::System, made.error().message};
      }
    }
    path = header.log_dir;
    bool made = false;
    return make_private_directory(path, owner, made, at);
  }
  path = header.sandbox;
  const std::string name = name_in_sandbox(header);
  bool denied = false;
  {
    const AsUser self(owner);
    if (!self.holds()) return cannot_log_as(owner);
    if (auto error = enter_sandbox(header, owner, at)) return error;
    denied = mkdirat(at.get(), name.c_str(), kDirectoryMode) != 0 && errno == EACCES;
  }
  return denied && owner.change ? make_logs_for(header, name, owner) : std::nullopt;
}

Failure open_file(const Descriptor& directory, const std::string& name, const std::string& path,
                  const FileOwner& owner, Descriptor& file) {
  // Opened with O_NONBLOCK, because a FIFO would otherwise block the whole reactor until somebody
  // opens its other end.
  file.reset(openat(directory.get(), name.c_str(),
                    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                    kFileMode));
  if (!file) {
    if (errno == ELOOP || errno == ENXIO || errno == EISDIR) {
      return not_ours(path, "a link, a FIFO or a directory");
    }
    return cannot("open", path, owner, errno);
  }
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return cannot("look at", path, owner, errno);
  if (!S_ISREG(info.st_mode)) return not_ours(path, "not a regular file");
  if (info.st_nlink != 1) return not_ours(path, "a file that has another hard link");
  // Clears O_NONBLOCK, which the process would not expect of its output.
  fcntl(file.get(), F_SETFL, O_APPEND);
  return std::nullopt;
}

// Returns whether only the owner or root can create files in a directory.
bool is_private(const struct stat& info, const FileOwner& owner) {
  return S_ISDIR(info.st_mode) && (info.st_uid == owner.uid || info.st_uid == 0) &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void remember(const Descriptor& at, const FileOwner& owner, KnownLogs& known) {
  struct stat info {};
  if (fstat(at.get(), &info) != 0 || !is_private(info, owner)) return;
  known = {Descriptor(fcntl(at.get(), F_DUPFD_CLOEXEC, 0)), info.st_dev, info.st_ino};
}

// The fast way: creates the directories and files of a process that has none yet, in a known log
// directory that has not been moved. All of them are new and below a private directory, so no link
// and no file of another user can be on the way. Returns false if this does not work. The slow way
// can then use what was already created.
bool make_new_logs(const RunnerHeader& header, const FileOwner& owner, const std::string& process,
                   std::uint32_t run, const KnownLogs& known, RunLogs& logs) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
  struct stat info {};
  if (fstatat(AT_FDCWD, header.log_dir.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      info.st_dev != known.device || info.st_ino != known.inode || !is_private(info, owner)) {
    return false;
  }
  const AsUser self(owner);
  if (!self.holds()) return false;
  const int at = known.at.get();
  const std::string directory = process + "/" + std::to_string(run);
  if (mkdirat(at, process.c_str(), kDirectoryMode) != 0) return false;
  if (mkdirat(at, directory.c_str(), kDirectoryMode) != 0) return false;
  RunLogs made;
  made.out.reset(openat(at, (directory + "/stdout").c_str(), kNew, kFileMode));
  made.err.reset(openat(at, (directory + "/stderr").c_str(), kNew, kFileMode));
  if (!made.out || !made.err) return false;
  if (logs.with_directory) {
    logs.directory.reset(openat(at, directory.c_str(), kStep));
    if (!logs.directory) return false;
  }
  logs.out = std::move(made.out);
  logs.err = std::move(made.err);
  return true;
}

// Removes the files of a run in the directory of its process, and the run's directory if it is then
// empty.
void remove_run(const Descriptor& process, const std::string& run) {
  const Descriptor directory(openat(process.get(), run.c_str(), kStep));
  if (!directory) return;
  for (const char* file : {"stdout", "stderr"}) {
    unlinkat(directory.get(), file, 0);
    // Removes rotated files, and .0, which a killed coordinator leaves.
    bool another = true;
    for (int i = 0; another || i == 1; ++i) {
      const std::string rotated = std::string(file) + "." + std::to_string(i);
      another = unlinkat(directory.get(), rotated.c_str(), 0) == 0;
    }
  }
  unlinkat(process.get(), run.c_str(), AT_REMOVEDIR);
}

}  // namespace

Failure make_private_directory(const std::string& path, const FileOwner& owner, bool& made,
                               Descriptor& directory) {
  made = mkdir(path.c_str(), kDirectoryMode) == 0;
  if (!made && errno != EEXIST) return launch_error("cannot make " + path, errno);
  directory.reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) {
    if (errno == ELOOP || errno == ENOTDIR) return not_ours(path, "a link, or not a directory");
    return launch_error("cannot enter " + path, errno);
  }
  auto error = give_to(directory.get(), path, owner);
  if (error && made) rmdir(path.c_str());
  return error;
}

std::string claim_log_directory(const RunnerHeader& header, const FileOwner& owner) {
  const std::string base = (header.sandbox == "/" ? "" : header.sandbox) + "/";
  bool made = false;
  bool taken = false;
  bool denied = false;
  {
    const AsUser self(owner);
    Descriptor at;
    if (!self.holds() || enter_sandbox(header, owner, at)) return base + kLogs;
    made = mkdirat(at.get(), kLogs, kDirectoryMode) == 0;
    denied = !made && errno == EACCES;
    struct stat info {};
    taken =
        !made && fstatat(at.get(), kLogs, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
  }
  if (denied && !taken && owner.change) static_cast<void>(make_logs_for(header, kLogs, owner));
  return base + (taken ? own_logs(header.task_id) : kLogs);
}

Failure open_run_logs(const RunnerHeader& header, const FileOwner& owner,
                      const std::string& process, std::uint32_t run, KnownLogs& known,
                      RunLogs& logs) {
  if (known.at && make_new_logs(header, owner, process, run, known, logs)) return std::nullopt;
  known = {};
  Descriptor at;
  std::string path;
  if (auto error = open_base(header, owner, at, path)) return error;
  const AsUser self(owner);
  if (!self.holds()) return cannot_log_as(owner);
  if (in_sandbox(header)) {
    if (auto error = make_and_enter(at, name_in_sandbox(header), path, owner)) return error;
  }
  remember(at, owner, known);
  if (auto error = make_and_enter(at, process, path, owner)) return error;
  if (auto error = make_and_enter(at, std::to_string(run), path, owner)) return error;
  if (auto error = open_file(at, "stdout", path + "/stdout", owner, logs.out)) return error;
  if (auto error = open_file(at, "stderr", path + "/stderr", owner, logs.err)) return error;
  if (logs.with_directory) logs.directory = std::move(at);
  return std::nullopt;
}

std::optional<Error> enter_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                    const std::string& process, std::optional<std::uint32_t> run,
                                    Descriptor& at) {
  std::string path = in_sandbox(header) ? header.sandbox : header.log_dir;
  const auto failed = [&path](int number) {
    if (number == ELOOP || number == ENOTDIR) {
      return Error{ErrorCode::NotPermitted,
                   path + ": a link, or no directory, where a task's output should be"};
    }
    return system_error(path, number);
  };
  if (!in_sandbox(header)) at.reset(open(path.c_str(), kStep));
  if (!in_sandbox(header) && !at) return failed(errno);
  const AsUser self(owner);
  if (!self.holds()) return Error{ErrorCode::System, cannot_log_as(owner).reason};
  std::vector<std::string> steps;
  if (!process.empty()) steps.push_back(process);
  if (run) steps.push_back(std::to_string(*run));
  if (in_sandbox(header)) {
    at.reset(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!at) return failed(errno);
    steps.insert(steps.begin(), name_in_sandbox(header));
  }
  for (const std::string& step : steps) {
    path += "/" + step;
    at.reset(openat(at.get(), step.c_str(), kStep));
    if (!at) return failed(errno);
  }
  return std::nullopt;
}

void drop_run_logs(const RunnerHeader& header, const FileOwner& owner, const std::string& process,
                   std::uint32_t run) {
  Descriptor at;
  if (enter_run_logs(header, owner, process, std::nullopt, at)) return;
  const AsUser self(owner);
  if (self.holds()) remove_run(at, std::to_string(run));
}

}  // namespace thermos
