// How long a process waits before it runs again, and how many failures in a row count for that.
#pragma once

#include <cstdint>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

// The backoff of a process: its own, or else its task's; nullptr if there is none.
const Backoff* backoff_of(const TaskConfig& task, ProcessIndex p);

// The wait after that many failures in a row, in microseconds. REQUIRES: failures > 0.
Microseconds backoff_wait(const Backoff& backoff, std::uint32_t failures);

// How many failures in a row there are when the current run of `process` has the end `end`. FAILED
// counts, and so does KILLED, unless by an order; LOST neither counts nor starts over, as nobody
// knows how it ended. A SUCCESS starts over, and so does an order that waives the next wait.
// REQUIRES: there is a current run, and `end` is terminal.
std::uint32_t failures_in_row(const Backoff& backoff, const ProcessHistory& process,
                              const ProcessStatus& end);

// From the latest end of process `p`, whose history is `past`, to its next start: microseconds.
// REQUIRES: a run has ended.
Microseconds wait_before_rerun(const TaskConfig& task, ProcessIndex p, const ProcessHistory& past);

}  // namespace thermos
