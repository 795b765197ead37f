// Orders for single processes: what a user wants of one, whatever the plan says. What is refused,
// what an order comes to where the process stands, and what it makes of the run that it ends.
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

// What stands against an order for `process`, which has this mark in the regular plan: the task is
// ending, the process is a finalizer, or it has finished or failed for good. Usage, and why.
Status order_allowed(const ProcessConfig& process, TaskState task, Planner::Mark mark);

// The order to be recorded at `now`, but for its reason; nothing: what it asks for is so already,
// and takes no record and no second SIGTERM. `wait`: from SIGTERM to SIGKILL. The record borrows
// the process's name.
// REQUIRES: order_allowed() has nothing against it.
std::optional<ProcessOrder> order_to_record(const ProcessHistory& process,
                                            const LaunchControl& launch, Verb verb, Timestamp now,
                                            Microseconds wait);

// Is this the end of a run that an order ends? It has not failed and not succeeded then, whatever
// exit code it had left to give; unless it was over before.
bool ended_by_order(const ProcessHistory& process, const ProcessStatus& status);

}  // namespace thermos
