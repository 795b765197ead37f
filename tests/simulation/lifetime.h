// Planned actions that are dropped when the program that planned them ends.
#pragma once

#include <memory>
#include <utility>

#include "timeline.h"

namespace thermos::sim {

class Lifetime {
 public:
  explicit Lifetime(Timeline& timeline) : timeline_(timeline) {}

  // Runs `action` after `delay` microseconds, unless this object was destroyed or renewed.
  void after(Microseconds delay, Timeline::Action action) {
    timeline_.after(delay, [alive = std::weak_ptr<bool>(alive_), action = std::move(action)] {
      if (!alive.expired()) action();
    });
  }
  // Drops everything planned so far.
  void renew() { alive_ = std::make_shared<bool>(true); }

 private:
  Timeline& timeline_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos::sim
