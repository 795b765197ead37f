// The only place that reaps children: at every SIGCHLD it calls waitpid(-1) until no child is left
// to reap. Nothing else in the program may wait for a child, libuv included, or an exit would be
// lost.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <functional>
#include <memory>
#include <unordered_map>

#include "core/record/record.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ChildWatcher {
 public:
  // Makes this process a child subreaper (prctl(2)), so that it adopts the orphans of a dead
  // coordinator. `before_reaping` runs at every SIGCHLD before anything is reaped, so that the
  // caller can watch() children that were created meanwhile. Blocks SIGCHLD and reads it from a
  // descriptor, with one read for all signals that came. Programs that this process executes must
  // get another mask (posix_spawnattr_setsigmask(3)).
  ChildWatcher(Loop& loop, std::function<void()> before_reaping);
  ~ChildWatcher();
  ChildWatcher(const ChildWatcher&) = delete;
  ChildWatcher& operator=(const ChildWatcher&) = delete;

  // Calls `callback` once, with the wait status, when the child `pid` is reaped. If it was reaped
  // before and its exit kept, the callback runs inside this call.
  void watch(pid_t pid, std::function<void(int wait_status)> callback);
  void forget(pid_t pid) { watched_.erase(pid); }
  bool watches(pid_t pid) const { return watched_.contains(pid); }
  // Whether watch() will call back: `pid` is a child that was not reaped yet, or whose exit was
  // kept. This is for a child whose pid did not come with the fork server's answer.
  bool can_watch(pid_t pid) const;
  // Whether a child of this pid was reaped and its exit is kept.
  bool has_reaped(pid_t pid) const;
  // Whether another process has the pid of `child` now, so that `child` must have been reaped.
  bool is_recycled(const Identity& child) const;

  // While the fork server still has to answer launches, the exits of unknown children are kept,
  // because a child may exit before the answer names its pid. With `expected` false they are
  // dropped; otherwise a recycled pid could be taken for one of them.
  void expect_births(bool expected);

  // Reaps all children that have exited, and calls their callbacks.
  void reap();

 private:
  std::function<void()> before_reaping_;
  std::unordered_map<pid_t, std::function<void(int)>> watched_;
  std::unordered_map<pid_t, int> unclaimed_;
  bool births_expected_ = false;
  sigset_t mask_before_{};
  Descriptor signals_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
