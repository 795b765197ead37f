// How long a process waits before it runs again, and how many failures in a row count for that.
#pragma once

#include <cstdint>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

// Returns the backoff of a process: its own, or else its task's; nullptr if there is none.
const Backoff* backoff_of(const TaskConfig& task, ProcessIndex p);

// Returns the wait after `failures` failures in a row, in microseconds. REQUIRES: failures > 0.
Microseconds backoff_wait(const Backoff& backoff, std::uint32_t failures);

// Returns how many failures in a row there are when the current run of `process` has the end `end`.
// FAILED counts, and so does KILLED, unless by an order. KILLED by an order leaves the number as it
// is, and so does LOST, because nobody knows how that run ended. A SUCCESS makes it 0, and so does
// an order that waives the next wait. A failure after at least `reset` of running counts as the
// first. REQUIRES: there is a current run, and `end` is terminal.
std::uint32_t failures_in_row(const Backoff& backoff, const ProcessHistory& process,
                              const ProcessStatus& end);

// Returns the wait from the latest end of process `p` to its next start, in microseconds. `past` is
// its history. REQUIRES: a run has ended.
Microseconds wait_before_rerun(const TaskConfig& task, ProcessIndex p, const ProcessHistory& past);

}  // namespace thermos
