// Which processes of a task an order is for.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/runner/requests.h"
#include "core/runner/runner.h"

namespace thermos {

// The names, in the task's order. `words` are names, each for that process alone, and patterns
// (task_list.h), which match from the start of names and pass over processes that may not have
// the order. Without words: the process that `request` names; without that the services, which
// are the daemons, and the processes with a `ready` that run; a Restart alone may be for them.
// Fails as Runner::may_order() does for a name, or if none that a pattern matches may have the
// order; with NotFound if nothing matches, or there is no service; with Usage for a malformed
// pattern. REQUIRES: `runner` leads the task.
Result<std::vector<std::string>> ordered_processes(const Runner& runner,
                                                   const OrderRequest& request,
                                                   const std::vector<std::string>& words);

}  // namespace thermos
