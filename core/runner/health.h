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

  // The current run of `process`, which is `p`, is as on record. If it has a `healthy`, it is asked
  // from RUNNING on, or, with a `ready`, from when it was ready; each `interval` since then,
  // whoever leads, so that runners that die soon ask as often as one that lives. Without a `ready`
  // it comes due before RUNNING is on record, too: that may have been written and not read.
  // REQUIRES: it is live.
  void watch(ProcessIndex p, const ProcessHistory& process, Microseconds now);
  // It is over, or ending: it is not asked any more.
  void forget(ProcessIndex p);
  bool any() const { return !watched_.empty(); }

  // One that is to be asked now. It is not due again before answered() or too_early().
  std::optional<ProcessIndex> pop_question(Microseconds now);
  // Whether it was asked and has not answered.
  bool awaits(ProcessIndex p) const;
  // It answered, and comes due again when its interval is over. REQUIRES: awaits(p).
  void answered(ProcessIndex p, Microseconds now);
  // It was not asked, as it is not RUNNING yet; it comes due again after its interval.
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
