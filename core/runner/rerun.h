// Which processes run when an ended task is gone on with by a new one, and which successes that one
// takes over.
#pragma once

#include <cstdint>
#include <vector>

#include "core/record/history.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// Why a process runs again. In the order of what is said of one for which several are true.
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
  // By the numbers of the new task's processes; empty: none.
  std::vector<bool> named{};
  std::vector<bool> changed{};  // the new ones among them
};

// Decides for each process of `task`, which goes on from the ended one that `past` is of. A process
// that needs one that runs again also runs again, whichever condition it needs. A service runs
// again for no other's sake; so who needs a service does not run again because of it, unless the
// service is asked for, is defined otherwise, or had failed before its task ended. `graph` is of
// check_task(task).
std::vector<Again> plan_rerun(const TaskConfig& task, const Graph& graph, const History& past,
                              const RerunWish& wish);

}  // namespace thermos
