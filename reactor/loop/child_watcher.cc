#include "reactor/loop/child_watcher.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/identity.h"

namespace thermos {

ChildWatcher::ChildWatcher(Loop& loop, std::function<void()> before_reaping)
    : before_reaping_(std::move(before_reaping)) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  signals_.reset(signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_) {
    throw std::runtime_error(std::string("cannot watch for children: ") + std::strerror(errno));
  }
  sigprocmask(SIG_BLOCK, &wanted, &mask_before_);
  poll_ = std::make_unique<Poll>(loop, signals_.get(), [this](int) {
    // A pending signal comes once, however many children end.
    signalfd_siginfo signal{};
    static_cast<void>(read(signals_.get(), &signal, sizeof signal));
    reap();
  });
}

ChildWatcher::~ChildWatcher() {
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

namespace {

// Whether `pid` is a child that is alive, or was not reaped yet.
bool is_child(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

void ChildWatcher::watch(pid_t pid, std::function<void(int)> callback) {
  const auto early = unclaimed_.find(pid);
  if (early != unclaimed_.end()) {
    const int status = early->second;
    unclaimed_.erase(early);
    // Births may be expected for long. If a child has this pid now, the kept exit is that of an
    // earlier child with this pid.
    if (!is_child(pid)) {
      callback(status);
      return;
    }
  }
  watched_[pid] = std::move(callback);
}

bool ChildWatcher::can_watch(pid_t pid) const {
  return unclaimed_.contains(pid) || is_child(pid);
}

bool ChildWatcher::has_reaped(pid_t pid) const {
  return unclaimed_.contains(pid);
}

bool ChildWatcher::is_recycled(const Identity& child) const {
  const auto stat = read_stat(child.pid);
  return stat && !(stat->identity == child);
}

void ChildWatcher::expect_births(bool expected) {
  births_expected_ = expected;
  if (!expected) unclaimed_.clear();
}

void ChildWatcher::reap() {
  before_reaping_();
  int status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
    if (pid < 0) continue;
    const auto it = watched_.find(pid);
    if (it == watched_.end()) {
      spdlog::debug("reaped pid {}, which nobody waits for: an orphan of a process", pid);
      if (births_expected_) unclaimed_[pid] = status;
      continue;
    }
    auto callback = std::move(it->second);
    watched_.erase(it);
    callback(status);
  }
}

}  // namespace thermos
