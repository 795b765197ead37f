// What an earlier runner of a task left behind, as the clocks of this one have it.
#pragma once

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// When a task that has left ACTIVE must be over. `last`: its latest status; `boot` and `now`: this
// runner's. What is left is never more than what was left when `last` was written.
Timestamp deadline_at_resume(const TaskStatus& last, const BootId& boot, Timestamp now);

// When a run that an order ends is killed, by this boot's clock. The record does not say in which
// boot the order was given, so this is never further from `now` than it was from the order.
Microseconds kill_time_of(const StopOrder& ending, Timestamp now);

// When the latest of the process's runs that ended did so, by the clock of this boot and not after
// `now`: its `min_duration` counts from there. REQUIRES: one has ended.
Microseconds boot_time_of_last_end(const ProcessHistory& process, Microseconds min_duration,
                                   const BootId& boot, Timestamp now);

// How the runs before the current one ended. REQUIRES: there is a current run.
RunTotals totals_before_current(const ProcessHistory& process);

}  // namespace thermos
