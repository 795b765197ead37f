#include "reactor/daemon/drilled_daemon.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "reactor/os/argument_pointers.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/os/pidfd.h"

namespace thermos {
namespace {

constexpr std::string_view kName = "thermos-reactor";

std::vector<std::string> split_at_nul(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string target_of(const std::string& link) {
  std::array<char, 4096> path;
  const ssize_t size = readlink(link.c_str(), path.data(), path.size());
  return size <= 0 ? std::string() : std::string(path.data(), static_cast<std::size_t>(size));
}

}  // namespace

Result<DaemonProcess> DaemonProcess::of(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  const auto stat = read_stat(pid);
  auto pidfd = stat ? open_pidfd(stat->identity) : std::nullopt;
  auto name = read_file(proc + "/comm");
  if (!pidfd || !name || *name != std::string(kName) + "\n") {
    return Error{ErrorCode::NotFound, "pid " + std::to_string(pid) +
                                          " is no thermos-reactor that can be seen from here"};
  }
  DaemonProcess daemon;
  daemon.pid_ = pid;
  daemon.pidfd_ = std::move(*pidfd);
  const auto arguments = read_file(proc + "/cmdline");
  const auto environment = read_file(proc + "/environ");
  if (!arguments || !environment) {
    return Error{ErrorCode::NotPermitted,
                 "the daemon (pid " + std::to_string(pid) + ") is another user's"};
  }
  daemon.arguments_ = split_at_nul(*arguments);
  daemon.environment_ = split_at_nul(*environment);
  daemon.directory_ = target_of(proc + "/cwd");
  daemon.program_ = target_of(proc + "/exe");
  // If an upgrade has replaced the program's file, the new file is started.
  constexpr std::string_view kDeleted = " (deleted)";
  if (daemon.program_.ends_with(kDeleted)) {
    daemon.program_.resize(daemon.program_.size() - kDeleted.size());
  }
  daemon.errors_.reset(
      open((proc + "/fd/2").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!daemon.errors_) daemon.errors_.reset(open("/dev/null", O_WRONLY | O_CLOEXEC));
  daemon.has_a_keeper_ =
      std::any_of(daemon.environment_.begin(), daemon.environment_.end(),
                  [](const std::string& entry) { return entry.starts_with("NOTIFY_SOCKET="); });
  return daemon;
}

Status DaemonProcess::kill() {
  if (!send_signal(pidfd_, SIGKILL)) {
    return system_error("cannot kill the daemon (pid " + std::to_string(pid_) + ")", errno);
  }
  wait_for_death(pidfd_);
  return Done{};
}

Status DaemonProcess::start_again() const {
  std::vector<std::string> arguments = arguments_;
  std::vector<std::string> environment = environment_;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addchdir_np(&files, directory_.c_str());
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, errors_.get(), STDERR_FILENO);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, program_.c_str(), &files, &attributes, argument_pointers(arguments).data(),
                  argument_pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return Done{};
  return system_error("cannot start " + program_ + " again", error);
}

}  // namespace thermos
