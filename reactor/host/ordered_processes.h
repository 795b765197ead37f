// Finds the processes of a task that an order is for.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/runner/requests.h"
#include "core/runner/runner.h"
#include "reactor/host/order_words.h"

namespace thermos {

// Returns the names of the processes, in the task's order. A pattern of `words` skips processes
// that can't be given the order. If there are no words, the order is for the process that `request`
// names. If that names none either, the order is for the services: the daemons, and the running
// processes that have a `ready`. Only a Restart can be for the services. Fails as
// Runner::may_order() does for a name, or if a pattern matches only processes that can't be given
// the order; with NotFound if nothing matches, or if there is no service; with Busy if the task's
// configuration was replaced since the words were read. REQUIRES: `runner` leads the task, and
// words.done().
Result<std::vector<std::string>> ordered_processes(const Runner& runner,
                                                   const OrderRequest& request,
                                                   const OrderWords& words);

}  // namespace thermos
