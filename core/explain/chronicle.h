// The history of a task as it was at a moment, with what History does not keep: who ordered what,
// and the latest answers that a run is not healthy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

class Chronicle {
 public:
  // An order for a process, which a user gave, or which ends its run because the task yields.
  struct Order {
    Verb verb = Verb::Start;
    Microseconds at = 0;  // wall time; 0: a compaction has dropped it
    std::string reason;
    bool yields = false;
    std::optional<std::uint32_t> run;  // the run that was under way then
  };
  // The answer of a health check that a run is not healthy.
  struct Refusal {
    Microseconds at = 0;
    std::string text;
  };

  // Leaves out what happened after the wall time `until`, in microseconds.
  explicit Chronicle(std::optional<Microseconds> until = {}) : until_(until) {}

  // Takes the next record of the task's stream. Fails as History::apply() does.
  Status take(const Record& record);
  // Makes a chronicle of an existing history: nothing is left out of it, and no order is known.
  static Chronicle of(History history);

  const History& history() const { return history_; }
  // Returns the orders for one process, oldest first.
  const std::vector<Order>& orders(std::string_view process) const;
  // Returns the latest refusal of the process, in any of its runs; nullptr if there was none.
  const Refusal* refusal(std::string_view process) const;
  // Returns whether the run ended, or goes on, after the task began to end. Goes by the order of
  // the records where that is kept, and else by their times. REQUIRES: `run` is one of that
  // process's.
  bool ended_with_task(const ProcessHistory& process, const Run& run) const;
  // Returns when the configuration was first replaced after the moment. What the configuration was
  // before is on no record.
  std::optional<Microseconds> replaced_later() const { return replaced_later_; }
  // Returns whether the first runs of the process have been dropped and all runs that are kept
  // began after the moment: then the state of the process at the moment is not known.
  bool forgotten(std::string_view process) const { return summaries_.contains(process); }

 private:
  bool leaves_out(const Record& record);
  bool puts_off(const ProcessSummary& summary);
  // Applies the summary of the process that puts_off() stored, if there is one. `next` begins the
  // first run after the summary, and is from before the moment.
  Status take_summary(const ProcessStatus& next);
  void note_end();

  std::optional<Microseconds> until_;
  History history_;
  std::map<std::string, std::vector<Order>, std::less<>> orders_;
  std::map<std::string, Refusal, std::less<>> refusals_;
  std::optional<Microseconds> replaced_later_;
  // The processes of which a record was left out: all later records of them are left out, too.
  std::set<std::string, std::less<>> closed_;
  bool task_closed_ = false;
  // The summaries that puts_off() stored, by process: it is not known yet whether their runs are
  // from before the moment. Their `process` is not valid.
  std::map<std::string, ProcessSummary, std::less<>> summaries_;
  // How many runs of each process, in the order of the history, had ended when the task began to
  // end. Empty if the task has not begun to end, or if a compaction has put the records in another
  // order.
  std::vector<std::uint32_t> ended_runs_;
};

}  // namespace thermos
