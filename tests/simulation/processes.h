// Who lives: pids, which are handed out again, whose child each is, and who waits for its end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/record/record.h"
#include "lifetime.h"
#include "random.h"

namespace thermos::sim {

class Processes {
 public:
  using Parent = std::uint64_t;  // a program that reaps; 0: init
  using Pidfd = std::uint64_t;   // 0: none

  Processes(Timeline& timeline, Random& random) : random_(random), life_(timeline) {}

  Identity born(Parent parent);
  // It ended, and is a zombie until it is reaped.
  void exits(std::int32_t pid);
  // `parent` is gone: its children are init's.
  void orphan(Parent parent);
  void power_cut();

  // Who that pid belongs to now; nothing: nobody. A zombie has its pid yet.
  std::optional<Identity> named(std::int32_t pid) const;
  bool lives(const Identity& identity) const;

  // waitpid(-1): the pid of a child that ended, which is free from now on.
  std::optional<std::int32_t> reap(Parent parent);
  // waitid(P_PID, WNOWAIT): is that a child, living or not reaped?
  bool is_child(Parent parent, std::int32_t pid) const;

  // A pidfd for exactly this process, or 0. `ready` is called as it ends; at once if it is a
  // zombie.
  Pidfd open(const Identity& identity, std::function<void()> ready);
  void close(Pidfd pidfd);

  // A child of `parent` ended: SIGCHLD.
  std::function<void(Parent)> on_child = [](Parent) {};

 private:
  struct Process {
    std::uint64_t ticks = 0;
    Parent parent = 0;
    bool zombie = false;
  };
  struct Watch {
    Identity identity;
    std::function<void()> ready;
  };

  void reaped_by_init(std::int32_t pid);
  void free(std::int32_t pid);

  Random& random_;
  Lifetime life_;
  std::map<std::int32_t, Process> table_;
  std::set<std::int32_t> resting_;
  std::map<Pidfd, Watch> pidfds_;
  std::uint64_t ticks_ = 0;
  Pidfd next_pidfd_ = 1;
};

}  // namespace thermos::sim
