#include "reactor/launch/launch_site.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/task/check_launch.h"
#include "reactor/os/account.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr const char* kRootPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* kUserPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";
constexpr const char* kProfile = "/.thermos_profile";
// A process that check_task() accepts fits into the message, beside paths and a login's variables.
static_assert(2 * kMaxSecrets <= kMaxLaunchSecrets);
static_assert(kMaxLaunchText + std::size_t{32} * 1024 <= kMaxLaunchBytes);

// Returns our own PATH if the process runs as our user, else the PATH of a plain login. Our PATH
// may begin with directories of programs that are only ours, or that the other user cannot read.
const char* path_of(const TaskUser& user) {
  const char* ours = user.change ? nullptr : std::getenv("PATH");
  if (ours != nullptr) return ours;
  return user.uid == 0 ? kRootPath : kUserPath;
}

// Whether the path has a "..". Such a directory may lie outside of the sandbox, so it is not made.
bool leaves(const std::string& path) {
  return ("/" + path + "/").find("/../") != std::string::npos;
}

}  // namespace

LaunchSite::LaunchSite(const RunnerHeader& header) : header_(header) {}

std::optional<LaunchError> LaunchSite::find_user() {
  if (user_) return std::nullopt;
  TaskUser user;
  if (auto error = find_task_user(header_.user, user, header_.uid)) return error;
  user_ = std::move(user);
  return std::nullopt;
}

std::optional<LaunchError> LaunchSite::fill(const TaskConfig& task, const ProcessConfig& process,
                                            Launch& launch) {
  if (auto error = find_user()) return error;
  launch.cmdline = process.cmdline;
  launch.arguments = process.argv;
  const std::string sandbox = header_.chroot ? "" : header_.sandbox;
  const std::string& cwd = process.cwd.empty() ? task.cwd : process.cwd;
  launch.directory = header_.chroot ? "/" : header_.sandbox;
  if (cwd.starts_with('/')) {
    launch.directory = cwd;
  } else if (leaves(cwd)) {
    launch.directory = sandbox + "/" + cwd;
  } else {
    launch.subdirectory = cwd;
  }
  if (!process.input.empty()) launch.input = sandbox + "/" + process.input;
  launch.root = header_.chroot ? header_.sandbox : "";
  launch.environment = {
      "HOME=" + (header_.chroot ? user_->home : header_.sandbox),
      "LOGNAME=" + user_->name,
      "USER=" + user_->name,
      std::string("PATH=") + path_of(*user_),
  };
  if (exists(header_.sandbox + kProfile)) {
    launch.environment.push_back("BASH_ENV=" + sandbox + kProfile);
  }
  launch.secrets = task.secret;
  const auto leave_out = [&secrets = launch.secrets.entries](const std::string& name) {
    std::erase_if(secrets, [&name](const auto& secret) { return secret.first == name; });
  };
  // The variables and secrets of the process replace the task's secrets of the same names.
  for (const auto& [name, value] : process.env.entries) leave_out(name);
  for (const auto& entry : process.secret.entries) {
    leave_out(entry.first);
    launch.secrets.entries.push_back(entry);
  }
  launch.change_user = user_->change;
  launch.uid = user_->uid;
  launch.gid = user_->gid;
  launch.groups = user_->groups;
  return std::nullopt;
}

std::optional<LaunchError> LaunchSite::open_logs(const ProcessConfig& process, std::uint32_t run,
                                                 Launch& launch, RunLogs& logs) {
  const Logger logger = process.logger.value_or(Logger());
  const bool files =
      logger.destination == LogDestination::File || logger.destination == LogDestination::Both;
  launch.console =
      logger.destination == LogDestination::Console || logger.destination == LogDestination::Both;
  if (files) {
    if (auto error = find_user()) return error;
    logs.with_directory = logger.mode == LogMode::Rotate;
    if (auto error = open_run_logs(header_, *user_, process.name, run, known_logs_, logs)) {
      return error;
    }
    if (logger.mode == LogMode::Rotate) {
      launch.rotate_size = static_cast<std::uint64_t>(logger.rotate.log_size);
      launch.backups = logger.rotate.backups;
      logs.more.push_back(std::move(logs.directory));
    }
  } else {
    for (Descriptor* nowhere : {&logs.out, &logs.err}) {
      nowhere->reset(open("/dev/null", O_WRONLY | O_CLOEXEC));
      if (!*nowhere) return launch_error("cannot open /dev/null", errno);
    }
  }
  if (!launch.console) return std::nullopt;
  for (const int ours : {STDOUT_FILENO, STDERR_FILENO}) {
    logs.more.emplace_back(fcntl(ours, F_DUPFD_CLOEXEC, 3));
    if (logs.more.back()) continue;
    // This program may have been started without standard output or error.
    logs.more.back().reset(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!logs.more.back()) return launch_error("cannot open /dev/null", errno);
  }
  return std::nullopt;
}

void LaunchSite::drop_logs(const std::string& process, std::uint32_t run,
                           std::optional<std::uint32_t> first_failed) {
  if (header_.keep_logs == 0 || run < header_.keep_logs || find_user()) return;
  const std::uint32_t old = run - header_.keep_logs;
  if (first_failed != old) drop_run_logs(header_, *user_, process, old);
}

}  // namespace thermos
