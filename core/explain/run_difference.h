// Which processes ran differently in two tasks of the same kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"

namespace thermos {

struct RunDifference {
  // How the process came out in one of the tasks.
  struct Side {
    std::optional<ProcessState> state;  // of its last run; nothing: it has not run
    std::optional<std::int32_t> return_code;
    std::string reason;
    std::uint32_t runs = 0;
    std::optional<Microseconds> took;  // how long its last run took, if that has ended
    bool taken_over = false;           // its success is taken over from another task
  };
  std::string process;
  Side before;
  Side after;
  bool ended_otherwise = false;  // the sides differ in state, return code or number of runs

  Microseconds slower() const { return after.took.value_or(0) - before.took.value_or(0); }
};

// Returns the processes that ended differently (two successes are the same if one of the tasks took
// its own over from elsewhere). After them come those that took longer or shorter by more than a
// fifth and more than a tenth of a second, largest difference first.
std::vector<RunDifference> differences_of(const History& before, const History& after);

}  // namespace thermos
