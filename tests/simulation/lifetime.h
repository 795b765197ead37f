// What a program planned dies with it.
#pragma once

#include <memory>
#include <utility>

#include "timeline.h"

namespace thermos::sim {

class Lifetime {
 public:
  explicit Lifetime(Timeline& timeline) : timeline_(timeline) {}

  // Runs `action` after `delay`, unless this is gone by then.
  void after(Microseconds delay, Timeline::Action action) {
    timeline_.after(delay, [alive = std::weak_ptr<bool>(alive_), action = std::move(action)] {
      if (!alive.expired()) action();
    });
  }
  // What was planned so far is void.
  void renew() { alive_ = std::make_shared<bool>(true); }

 private:
  Timeline& timeline_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos::sim
