// Which processes of a task an order is for.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/runner/requests.h"
#include "core/runner/runner.h"
#include "reactor/host/order_words.h"

namespace thermos {

// The names, in the task's order. A pattern of `words` passes over processes that may not have the
// order. Without words: the process that `request` names; without that the services, which are the
// daemons, and the processes with a `ready` that run; a Restart alone may be for them. Fails as
// Runner::may_order() does for a name, or if none that a pattern matches may have the order; with
// NotFound if nothing matches, or there is no service; with Busy if the task's configuration was
// replaced since the words were read. REQUIRES: `runner` leads the task, and words.done().
Result<std::vector<std::string>> ordered_processes(const Runner& runner,
                                                   const OrderRequest& request,
                                                   const OrderWords& words);

}  // namespace thermos
