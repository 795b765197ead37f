// Orders for single processes: a user's, to start, stop or restart against the plan, and the
// runner's own order to end a run. Decides which orders are refused, what an order does in the
// process's state, and how the run that it ends counts.
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
// reason if the task is ending, the process is a finalizer, or it has finished; or if it has failed
// for good and is to be stopped.
Status order_allowed(const ProcessConfig& process, TaskState task, Planner::Mark mark, Verb verb);

// Returns the order to record at `now`, without its reason. Returns nothing if the order's effect
// is in place already, so that it takes no record and no second SIGTERM. `wait`: microseconds from
// SIGTERM to SIGKILL. `failed`: the process has failed for good, and is revived. The record borrows
// the process's name. REQUIRES: order_allowed() returns no error.
std::optional<ProcessOrder> order_to_record(const ProcessHistory& process,
                                            const LaunchControl& launch, Verb verb, Timestamp now,
                                            Microseconds wait, bool failed = false);

// If `status` is the end of a run that an order ended, makes it count as that order says, whatever
// its exit code: a user's as KILLED, neither failed nor a success; the runner's (Verb::Fail) as
// FAILED, with a reason that is borrowed from `process`. A run that had ended before the order
// counts as it ended, and so does a SUCCESS while the task yields. `ahead`: how far the clock of
// `status` is ahead of the one by which the order was recorded, in microseconds.
void count_as_ordered(const ProcessHistory& process, ProcessStatus& status, Microseconds ahead = 0);

}  // namespace thermos
