// Which runs are asked whether they are healthy, and when each is to be asked next.
#pragma once

#include <optional>
#include <unordered_map>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/runner/process_timers.h"
#include "core/task/task.h"

namespace thermos {

// All times are by the boot clock. A task in which nothing is asked costs nothing.
class Health {
 public:
  // `task` outlives this.
  explicit Health(const TaskConfig& task);

  // Begins or goes on to watch the current run of process `p`, as `process` has it on record. A run
  // with a `healthy` is asked from RUNNING on, or, with a `ready`, from when it was ready. The
  // questions come at whole intervals after that time, whoever leads, so that runners that die soon
  // ask as often as one that lives. Without a `ready` the run comes due before RUNNING is on
  // record, too: RUNNING may have been written and not read. REQUIRES: the run is live.
  void watch(ProcessIndex p, const ProcessHistory& process, Microseconds now);
  // Stops asking the run of `p`, which is over or ending.
  void forget(ProcessIndex p);
  bool any() const { return !watched_.empty(); }

  // Removes and returns a process that is to be asked at `now`. It is not due again before
  // answered() or too_early().
  std::optional<ProcessIndex> pop_question(Microseconds now);
  // Returns whether `p` was asked and has not answered.
  bool awaits(ProcessIndex p) const;
  // Notes that the run of `p` answered; it comes due again when its interval is over. REQUIRES:
  // awaits(p).
  void answered(ProcessIndex p, Microseconds now);
  // Notes that the run of `p` was not asked, because it is not RUNNING yet; it comes due again
  // after its interval.
  void too_early(ProcessIndex p, Microseconds now);

  std::optional<Microseconds> next_due() const { return questions_.next(); }

 private:
  Microseconds interval_of(ProcessIndex p) const { return task_.processes[p].healthy->interval; }

  struct Watched {
    bool running = false;  // on record
    bool awaited = false;  // it was asked at `asked` and has not answered
    Microseconds asked = 0;
  };

  const TaskConfig& task_;
  ProcessTimers questions_;
  std::unordered_map<ProcessIndex, Watched> watched_;
};

}  // namespace thermos
