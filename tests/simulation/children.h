// Simulates one runner's reaper, with the rules of reactor/loop/child_watcher.h: an exit of an
// unknown child is kept while births are expected, and dropped otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "processes.h"

namespace thermos::sim {

class Children {
 public:
  Children(Processes& processes, Processes::Parent self) : processes_(processes), self_(self) {}

  // Calls `callback` once when `pid` has been reaped; inside this call if its exit was kept.
  void watch(std::int32_t pid, std::function<void()> callback);
  bool can_watch(std::int32_t pid) const;
  bool is_recycled(const Identity& child) const;
  void expect_births(bool expected);
  // Called at SIGCHLD.
  void reap();

 private:
  Processes& processes_;
  Processes::Parent self_;
  std::map<std::int32_t, std::function<void()>> watched_;
  std::set<std::int32_t> unclaimed_;
  bool births_expected_ = false;
};

}  // namespace thermos::sim
