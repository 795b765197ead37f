// The one reaper: waitpid(-1) until it runs dry, at every SIGCHLD. Nothing else in the program may
// wait for a child, or an exit would be lost.
#pragma once

#include <sys/types.h>

#include <functional>
#include <unordered_map>

#include "reactor/loop/loop.h"

namespace thermos {

class ChildWatcher {
 public:
  // `before_reaping` runs at every SIGCHLD before anything is reaped: the chance to hear of
  // children that were born since. Makes this process a child subreaper, so that the orphans of a
  // dead coordinator come to it.
  ChildWatcher(Loop& loop, std::function<void()> before_reaping);

  // Calls back once when `pid`, a child of ours, has been reaped; at once (inside this call) when
  // it was reaped before anyone knew of it.
  void watch(pid_t pid, std::function<void(int wait_status)> callback);
  void forget(pid_t pid) { watched_.erase(pid); }
  bool watches(pid_t pid) const { return watched_.contains(pid); }
  // Whether watch() will call back: `pid` is a child of ours that was not reaped yet, or whose exit
  // was kept. For a child of which nobody told while its birth was expected.
  bool can_watch(pid_t pid) const;

  // While births are expected (launches without an answer), the exits of unknown children are
  // kept: the answer may come behind the exit. When none is expected they are forgotten, or a
  // recycled pid would be taken for one of them.
  void expect_births(bool expected);

  void reap();

 private:
  std::function<void()> before_reaping_;
  std::unordered_map<pid_t, std::function<void(int)>> watched_;
  std::unordered_map<pid_t, int> unclaimed_;
  bool births_expected_ = false;
  SignalWatch signal_;
};

}  // namespace thermos
