// Decides which processes run when a new task goes on from an ended one, and which successes the
// new task takes over.
#pragma once

#include <cstdint>
#include <vector>

#include "core/record/history.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// Why a process runs again. A finalizer has Finalizer; if several of the others are true, the first
// of them is given.
enum class Again : std::uint8_t {
  No,            // its success is taken over
  Asked,         // it was named, or all were
  Changed,       // it is new, or defined otherwise than in the ended task
  Unsuccessful,  // it did not succeed, or never ran
  Behind,        // it waits for one of these
  Service,       // a daemon, or an ephemeral process that the end of the task ended
  Finalizer,     // it belongs to the end of each task
};

struct RerunWish {
  bool all = false;
  // By the numbers of the new task's processes; empty: none of them.
  std::vector<bool> named{};
  std::vector<bool> changed{};  // including the new ones
};

// Decides for each process of `task`, which goes on from the ended task whose history is `past`. A
// process that needs another one that runs again also runs again, whichever condition it needs.
// That it needs a service is no reason to run again, unless the service was asked for, is defined
// otherwise, had failed before its task ended, or itself needs a process that runs again. `graph`
// is the result of check_task(task).
std::vector<Again> plan_rerun(const TaskConfig& task, const Graph& graph, const History& past,
                              const RerunWish& wish);

}  // namespace thermos
