// What ran otherwise in one task than in another of the same kind.
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
    std::optional<Microseconds> took;  // its last run, if that has ended
    bool taken_over = false;           // from another task, which ran it
  };
  std::string process;
  Side before;
  Side after;
  bool ended_otherwise = false;  // another state, return code, or number of runs

  Microseconds slower() const { return after.took.value_or(0) - before.took.value_or(0); }
};

// Returns the processes that ended otherwise (a success that one of the two took over is none), and
// behind them those that took longer or shorter, by more than a fifth and a tenth of a second,
// those with the largest difference first.
std::vector<RunDifference> differences_of(const History& before, const History& after);

}  // namespace thermos
