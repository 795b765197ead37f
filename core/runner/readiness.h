// Which runs are not ready yet: when each is to be asked next, and when its time is over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/runner/limit_times.h"
#include "core/runner/process_timers.h"
#include "core/task/task.h"

namespace thermos {

// All times are by the boot clock.
class Readiness {
 public:
  // `task` outlives this.
  explicit Readiness(const TaskConfig& task);

  // Begins or goes on to watch the current run of process `p`, as `process` has it on record. A run
  // with a `ready` that is not on record as ready is asked from RUNNING on. Its `within` counts
  // from there, and is not over before the run's own EXTEND_TIMEOUT_USEC. The run comes due before
  // RUNNING is known, too: where nothing reports a write, RUNNING may be in the stream and unread.
  // A run that says itself that it is ready (`notify`) is not asked; for the same reason it comes
  // due when its `within` is over, and is overdue shortly after. REQUIRES: the run is live.
  void watch(ProcessIndex p, const ProcessHistory& process, const LimitTimes& times,
             Microseconds now);
  // Stops asking the run of `p`, which is ready or over.
  void forget(ProcessIndex p);
  bool any() const { return !unready_.empty(); }
  bool awaits(ProcessIndex p) const { return unready_.contains(p); }

  // Removes and returns a process that is to be asked at `now`. It is not due again before
  // refused() or too_early().
  std::optional<ProcessIndex> pop_question(Microseconds now);
  // Notes that the run of `p` is not ready; it comes due again after its interval. `why` is for
  // people. REQUIRES: awaits(p) and that it was asked.
  void refused(ProcessIndex p, std::string_view why, Microseconds now);
  // Notes that the run of `p` was not asked, because it is not RUNNING yet; it comes due again
  // after its interval. REQUIRES: awaits(p).
  void too_early(ProcessIndex p, Microseconds now);
  // Removes and returns a process whose `within` is over. It is not asked any more. A run that was
  // never asked, because nobody led the task, is asked once first.
  std::optional<ProcessIndex> pop_overdue(Microseconds now);
  // Says why pop_overdue() returned the process: "not ready within 60 s: tcp 127.0.0.1:80:
  // Connection refused".
  const std::string& complaint() const { return complaint_; }

  // Returns when the next process is to be asked, or is overdue; nothing if there is none.
  std::optional<Microseconds> next_due() const;

 private:
  const Ready& ready_of(ProcessIndex p) const { return *task_.processes[p].ready; }

  struct Unready {
    Microseconds asked = 0;  // when it was last asked
    bool refused = false;    // it said no at least once; with `notify`: its stream was looked at
    std::string why;
  };

  const TaskConfig& task_;
  ProcessTimers questions_;
  ProcessTimers limits_;
  std::unordered_map<ProcessIndex, Unready> unready_;
  std::string complaint_;
};

}  // namespace thermos
