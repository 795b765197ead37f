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

  // The current run of `process`, which is `p`, is as on record. If it has a `ready` and is not on
  // record as ready, it is asked from RUNNING on, and its `within` counts from there, and is not
  // over before its own EXTEND_TIMEOUT_USEC. It comes due before RUNNING is known, too:
  // where nobody tells of a write, RUNNING may be in the stream and unread. One that says so itself
  // (`notify`) is not asked; for the same reason it comes due when its `within` is over, and is
  // overdue shortly after. REQUIRES: it is live.
  void watch(ProcessIndex p, const ProcessHistory& process, const LimitTimes& times,
             Microseconds now);
  // It is ready, or over: it is not asked any more.
  void forget(ProcessIndex p);
  bool any() const { return !unready_.empty(); }
  bool awaits(ProcessIndex p) const { return unready_.contains(p); }

  // One that is to be asked now. It is not due again before refused().
  std::optional<ProcessIndex> pop_question(Microseconds now);
  // It is not ready, and comes due again after its interval; `why` is for people. REQUIRES:
  // awaits(p) and that it was asked.
  void refused(ProcessIndex p, std::string_view why, Microseconds now);
  // It was not asked, as it is not RUNNING yet; it comes due again after its interval. REQUIRES:
  // awaits(p).
  void too_early(ProcessIndex p, Microseconds now);
  // One whose `within` is over. It is not asked any more. One that was never asked, as nobody led
  // the task, is asked once before.
  std::optional<ProcessIndex> pop_overdue(Microseconds now);
  // Why pop_overdue() gave it: "not ready within 60 s: tcp 127.0.0.1:80: Connection refused".
  const std::string& complaint() const { return complaint_; }

  // When the next one is to be asked, or is overdue; nothing if none is.
  std::optional<Microseconds> next_due() const;

 private:
  const Ready& ready_of(ProcessIndex p) const { return *task_.processes[p].ready; }

  struct Unready {
    Microseconds asked = 0;  // the last time
    bool refused = false;    // at least once, or looked for, if it says so itself
    std::string why;
  };

  const TaskConfig& task_;
  ProcessTimers questions_;
  ProcessTimers limits_;
  std::unordered_map<ProcessIndex, Unready> unready_;
  std::string complaint_;
};

}  // namespace thermos
