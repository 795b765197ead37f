// How much of a machine a task may use at one time: what its allocation has to have.
#pragma once

#include <cstddef>

#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

struct Demand {
  Resources peak;          // at no time do the processes that run ask for more, of each by itself
  bool declared = false;   // the task's own `resources` say it, and not its processes'
  std::size_t silent = 0;  // processes whose resources have no `cpu`, which count nothing in it
};

// The task's `resources` where it has some; else what its processes ask for that can run at the
// same time. Those whose order makes one end before the other starts can't, nor can more than
// max_concurrency, nor a final process beside one that is not. Of a task with very many processes
// the order is not looked at, so it may name more than is used. REQUIRES: `graph` is check_task()'s
// of `task`.
Demand demand_of(const TaskConfig& task, const Graph& graph);

}  // namespace thermos
