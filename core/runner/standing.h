// Where the processes of a task stand, as its history tells: what has come about of each, and which
// are free to run.
#pragma once

#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/runner/outlook.h"
#include "core/task/task.h"

namespace thermos {

class Standing {
 public:
  // At the wall time `now`, in microseconds. `task` and `history` outlive this and do not change.
  Standing(const TaskConfig& task, const History& history, Microseconds now);

  // nullptr: nothing of it is on record.
  const ProcessHistory* past(ProcessIndex p) const { return pasts_[p]; }
  bool live(ProcessIndex p) const { return pasts_[p] != nullptr && pasts_[p]->live(); }
  // It does not run again.
  bool over(ProcessIndex p) const;
  // It is over, and not for a success, nor as an ephemeral process.
  bool failed(ProcessIndex p) const;
  // What others may need of it has come about, and stays so.
  bool has_come(ProcessIndex p, Condition condition) const;
  // It waits until then to run again; nothing if it does not wait for a time.
  std::optional<Microseconds> next_try(ProcessIndex p) const;
  // An order holds it back.
  bool held(ProcessIndex p) const { return pasts_[p] != nullptr && pasts_[p]->held; }

 private:
  const TaskConfig& task_;
  Microseconds now_;
  std::vector<const ProcessHistory*> pasts_;  // by ProcessIndex
};

}  // namespace thermos
