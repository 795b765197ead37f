// What comes of a process that does not run: does it run again, and when?
#pragma once

#include <optional>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/task/task.h"

namespace thermos {

struct Outlook {
  bool fatal = false;                    // it has failed, or was killed, as often as it may
  std::optional<Microseconds> next_try;  // wall time: it waits until then to run again
};

// Returns the outlook of process `p` of an active task at the wall time `now`, in microseconds.
// `past` is its history. Both members are empty while it runs, is free to run, has finished, or is
// stopped.
Outlook outlook_of(const TaskConfig& task, ProcessIndex p, const ProcessHistory& past,
                   Microseconds now);

}  // namespace thermos
