// Finds every error of a task that does not depend on the machine it runs on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/task/check_pools.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// Checks everything about a task that does not depend on the machine: names and their uniqueness,
// ranges, the length of command lines, and constraints and needs (known names, all regular or all
// final, no cycle through any condition, no process behind the end of a daemon, no non-ephemeral
// process behind the end of an ephemeral one, no need for the readiness of a process without
// `ready`). Returns the graph, or BadConfig with a message that starts with the JSON path
// ("processes[3].name: ...").
Result<Graph> check_task(const TaskConfig& task, PoolsOf pools = PoolsOf::Task);

// The extent of find_faults().
struct FaultSearch {
  std::size_t most = 1;  // stop after this many errors
  bool orders = true;    // also check the constraints and needs
  PoolsOf pools = PoolsOf::Task;
};
// Returns every error for which check_task() refuses a task, at most `search.most`; empty if there
// is none. Of several cycles that share their last step, only one is reported.
std::vector<Error> find_faults(const TaskConfig& task, const FaultSearch& search);

// Checks that a daemon with these pools has every pool that the task uses beside its own, and as
// much of it. Fails with BadConfig as check_task() does. REQUIRES: check_task(task,
// PoolsOf::Daemon) found no error.
Status check_shared_uses(const TaskConfig& task, const Named<std::uint32_t>& pools);

}  // namespace thermos
