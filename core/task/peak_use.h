// How much of a machine a task may use at one time, and so what its allocation has to have.
#pragma once

#include <cstddef>

#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

struct Demand {
  // The most of each resource, taken by itself, that the processes running at one time can ask for.
  Resources peak;
  // `peak` is the task's own `resources`, and not computed from those of its processes.
  bool declared = false;
  // The number of processes whose resources have no `cpu`. They add nothing to `peak.cpu`.
  std::size_t silent = 0;
};

// Returns the task's `resources` if it has some; else the most that processes which can run at the
// same time ask for. Two processes can't run together if their order makes one end before the other
// starts, or if one is final and the other is not; and no more than max_concurrency run at once.
// For a task with very many processes the order is not taken into account, so the result may be
// more than is used. REQUIRES: `graph` is the result of check_task(task).
Demand demand_of(const TaskConfig& task, const Graph& graph);

}  // namespace thermos
