// Which processes have shares of the pools that a task uses, and which wait for them, as far as the
// task's files tell.
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
  std::optional<std::uint32_t> size;  // empty: the pool is the daemon's, and other tasks may use it
  std::vector<Share> used_by;
  // The processes that wait, not in the order in which they asked, which is on no record.
  std::vector<Share> waiting;

  std::uint64_t used() const;
};

// Returns the outlook of each pool that a process has or waits for, at the wall time `now` in
// microseconds. Returns none unless the task is ACTIVE or runs its finalizers.
std::vector<PoolOutlook> pool_outlooks(const TaskConfig& task, const History& history,
                                       Microseconds now);

}  // namespace thermos
