// One runner's reaper, by the rules of reactor/loop/child_watcher: an exit that comes before anyone
// asked for it is kept while births are expected, and forgotten otherwise.
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

  // Calls back once when `pid` has been reaped; inside this call when it was reaped before.
  void watch(std::int32_t pid, std::function<void()> callback);
  bool can_watch(std::int32_t pid) const;
  void expect_births(bool expected);
  // At SIGCHLD.
  void reap();

 private:
  Processes& processes_;
  Processes::Parent self_;
  std::map<std::int32_t, std::function<void()>> watched_;
  std::set<std::int32_t> unclaimed_;
  bool births_expected_ = false;
};

}  // namespace thermos::sim
