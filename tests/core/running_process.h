// A runner whose process 0 runs, and a clock that goes on.
#pragma once

#include "runner_fixture.h"

namespace thermos {

class RunningProcess : public RunnerFixture {
 protected:
  void run_a() {
    start();
    tell(wrote(0, 1, 0, State::Forked));
    tell(wrote(0, 2, 0, State::Running));
  }
  void passes(Microseconds time) {
    now_ = later(now_, time);
    tell(TimerDue{});
  }
};

}  // namespace thermos
