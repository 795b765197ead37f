// Converts the times that an earlier runner of a task recorded to the clocks of this runner.
#pragma once

#include <optional>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// Returns the deadline of a task that has left ACTIVE. `last` is its latest status; `boot` and
// `now` are this runner's. The time left is never more than it was when `last` was written, and
// does not count down from `still_since`, when the task yielded (History::still_since()).
Timestamp deadline_at_resume(const TaskStatus& last, const BootId& boot, Timestamp now,
                             const std::optional<Timestamp>& still_since = std::nullopt);

// Returns what must be added to a boot time on record to make it one of this boot's clock. `at` is
// the time that an earlier leader recorded. Returns 0 if all leaders of the task led it under this
// boot. Otherwise the wall clocks tell how long ago the time was.
Microseconds boot_clock_shift(const History& history, Timestamp at, const BootId& boot,
                              Timestamp now);

// Returns the time of this boot's clock at which a run that an order ends is killed. The record
// does not name the boot in which the order was given, so the time from `now` is never more than it
// was from the order.
Microseconds kill_time_of(const StopOrder& ending, Timestamp now);

// Returns the time of this boot's clock, not after `now`, at which the end of the task reached the
// regular processes (they were told to end when it left ACTIVE) or the finalizers (when the task
// was lost). Returns `now` if it has not reached them, or did so under another boot.
Microseconds end_began(const History& history, bool regular, const BootId& boot, Timestamp now);

// Returns the time of this boot's clock, not after `now`, at which the latest ended run of the
// process ended; its next start waits for `wait` microseconds from there. REQUIRES: a run has
// ended.
Microseconds boot_time_of_last_end(const ProcessHistory& process, Microseconds wait,
                                   const BootId& boot, Timestamp now);

}  // namespace thermos
