// One runner's inotify: told late, in order, and sometimes nothing but that something was lost.
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
    std::function<void()> lost;  // an overflow: nobody can say what happened
  };

  // `enabled` false: nothing is ever told. `overflows`: in a hundred changes.
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
