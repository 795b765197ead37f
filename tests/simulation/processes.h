// Simulates the process table: pids, which are reused, the parent of each process, and the waits
// for its end.
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
  using Parent = std::uint64_t;  // a program that reaps its children; 0: init
  using Pidfd = std::uint64_t;   // 0: none

  Processes(Timeline& timeline, Random& random) : random_(random), life_(timeline) {}

  Identity born(Parent parent);
  // The process ended; it is a zombie until it is reaped.
  void exits(std::int32_t pid);
  // `parent` is gone: init adopts its children.
  void orphan(Parent parent);
  void power_cut();

  // The process that has this pid now, zombies included; nothing if none has.
  std::optional<Identity> named(std::int32_t pid) const;
  bool lives(const Identity& identity) const;

  // waitpid(-1): reaps a child that ended and returns its pid, which is free from now on.
  std::optional<std::int32_t> reap(Parent parent);
  // waitid(P_PID, WNOWAIT): whether it is a child of `parent` that was not reaped, alive or not.
  bool is_child(Parent parent, std::int32_t pid) const;

  // Opens a pidfd for exactly this process, or returns 0. `ready` is called when it ends; at once
  // if it is a zombie.
  Pidfd open(const Identity& identity, std::function<void()> ready);
  void close(Pidfd pidfd);

  // Called when a child of `parent` ended (SIGCHLD).
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
