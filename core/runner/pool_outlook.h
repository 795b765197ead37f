// Who has shares of the pools that a task uses, and who waits for them, as far as its files tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/task/task.h"

namespace thermos {

struct PoolOutlook {
  struct Share {
    std::string process;
    std::uint32_t amount = 0;
  };
  std::string pool;
  std::optional<std::uint32_t> size;  // nothing: it is the daemon's, and other tasks may use it
  std::vector<Share> used_by;
  // Not in the order of asking, which is on no record.
  std::vector<Share> waiting;

  std::uint64_t used() const;
};

// Of each pool that somebody has or waits for, at the wall time `now` in microseconds. Empty for a
// task that neither is ACTIVE nor runs its finalizers.
std::vector<PoolOutlook> pool_outlooks(const TaskConfig& task, const History& history,
                                       Microseconds now);

}  // namespace thermos
