// Where the processes of a task stand, as its history tells: which conditions of each are met, and
// which processes are free to run.
#pragma once

#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/runner/outlook.h"
#include "core/task/task.h"

namespace thermos {

class Standing {
 public:
  // The standing at the wall time `now`, in microseconds. `task` and `history` outlive this and do
  // not change.
  Standing(const TaskConfig& task, const History& history, Microseconds now);

  // Returns the history of the process; nullptr if nothing of it is on record.
  const ProcessHistory* past(ProcessIndex p) const { return pasts_[p]; }
  bool live(ProcessIndex p) const { return pasts_[p] != nullptr && pasts_[p]->live(); }
  // Returns whether the process does not run again.
  bool over(ProcessIndex p) const;
  // Returns whether the process is over because it failed or was killed too often; false for an
  // ephemeral process.
  bool failed(ProcessIndex p) const;
  // Returns whether this condition of the process, which others may need, is met. Once met, it
  // stays met.
  bool has_come(ProcessIndex p, Condition condition) const;
  // Returns the wall time until which the process waits to run again; nothing if it waits for no
  // time.
  std::optional<Microseconds> next_try(ProcessIndex p) const;
  // Returns whether an order holds the process back.
  bool held(ProcessIndex p) const { return pasts_[p] != nullptr && pasts_[p]->held; }

 private:
  const TaskConfig& task_;
  Microseconds now_;
  std::vector<const ProcessHistory*> pasts_;  // by ProcessIndex
};

}  // namespace thermos
