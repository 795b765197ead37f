// Orders for single processes: start, stop or restart, against the plan. Which orders are refused,
// what an order does in the process's state, and how the run that it ends counts.
#pragma once

#include <optional>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "core/runner/launch_control.h"
#include "core/task/planner.h"
#include "core/task/task.h"

namespace thermos {

// Checks an order for `process`, which has this mark in the regular plan. Fails with Usage and the
// reason if the task is ending, the process is a finalizer, or it has finished or failed for good.
Status order_allowed(const ProcessConfig& process, TaskState task, Planner::Mark mark);

// The order to record at `now`, without its reason; nothing if its effect is in place already, so
// that it takes no record and no second SIGTERM. `wait`: microseconds from SIGTERM to SIGKILL. The
// record borrows the process's name. REQUIRES: order_allowed() returns no error.
std::optional<ProcessOrder> order_to_record(const ProcessHistory& process,
                                            const LaunchControl& launch, Verb verb, Timestamp now,
                                            Microseconds wait);

// Whether `status` is the end of a run that an order ended. Such a run counts neither as failed nor
// as a success, whatever its exit code, unless it had ended before the order.
bool ended_by_order(const ProcessHistory& process, const ProcessStatus& status);

}  // namespace thermos
