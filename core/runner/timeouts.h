// The time limits of runs (ProcessConfig::timeout): whose time is over, and whose is over next.
#pragma once

#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/runner/limit_times.h"
#include "core/runner/process_timers.h"
#include "core/task/task.h"

namespace thermos {

// All times are by the boot clock. A task without timeouts costs nothing.
class Timeouts {
 public:
  // `task` outlives this.
  explicit Timeouts(const TaskConfig& task);

  // Sets the time of `p`, whose run is live. The limit counts from RUNNING, and is not over before
  // the run's own EXTEND_TIMEOUT_USEC. Until RUNNING is on record, the time set is the first at
  // which the limit can be over: where nothing reports a write, the record may have been written
  // and not read.
  void watch(ProcessIndex p, const LimitTimes& run, Timestamp now);
  // Does the same for a run that is launched now, or whose stream was read without finding RUNNING.
  void not_running(ProcessIndex p, Timestamp now);
  void forget(ProcessIndex p) {
    if (task_.processes[p].timeout) timers_.clear(p);
  }

  std::optional<Microseconds> next() const { return timers_.next(); }
  bool any() const { return !timers_.empty(); }
  // Removes and returns a process whose time has come, in order of time.
  std::optional<ProcessIndex> pop_due(Timestamp now) { return timers_.pop_due(now.boot); }

 private:
  const TaskConfig& task_;
  ProcessTimers timers_;
};

// Returns why a run of this timeout failed: "timed out after 30 s".
std::string timed_out(Microseconds timeout);

}  // namespace thermos
