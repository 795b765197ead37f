// Does work that is too long for one turn of the loop, in steps. Several jobs take turns, so that a
// long one holds up no other.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "reactor/loop/loop.h"

namespace thermos::observe {

class Jobs {
 public:
  // Does a little, and returns whether it is done.
  using Step = std::function<bool()>;

  explicit Jobs(Loop& loop);
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  void add(Step step);

 private:
  void work();

  std::deque<Step> steps_;
  WhileBusy busy_;
};

}  // namespace thermos::observe
