// Simulates one runner's inotify: events come late and in order, and sometimes an overflow replaces
// them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "core/task/task.h"
#include "lifetime.h"
#include "random.h"

namespace thermos::sim {

class Notices {
 public:
  struct Listener {
    std::function<void(ProcessIndex, bool closed)> changed;
    std::function<void()> lost;  // an overflow: events were lost
  };

  // If `enabled` is false, no event ever comes. `overflows`: how many in a hundred changes
  // overflow.
  Notices(bool enabled, std::uint32_t overflows, Timeline& timeline, Random& random,
          Listener listener);

  void add(ProcessIndex p, bool closed);

 private:
  void deliver();

  bool enabled_;
  std::uint32_t overflows_;
  Timeline& timeline_;
  Random& random_;
  Listener listener_;
  Lifetime life_;
  std::deque<std::pair<ProcessIndex, bool>> queue_;
  bool overflown_ = false;
  bool planned_ = false;
};

}  // namespace thermos::sim
