// The history of a task as it was at a moment, with what the fold of its records does not keep: who
// ordered what.
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
  // A user's order for a process, or a yield's.
  struct Order {
    Verb verb = Verb::Start;
    Microseconds at = 0;  // wall time; 0: a compaction has left it out
    std::string reason;
    bool yields = false;
    std::optional<std::uint32_t> run;  // that was under way
  };
  // What a question was answered last: why a run is not healthy.
  struct Refusal {
    Microseconds at = 0;
    std::string text;
  };

  // What happened after the wall time `until`, in microseconds, is left out.
  explicit Chronicle(std::optional<Microseconds> until = {}) : until_(until) {}

  // Takes the records of the task's stream, in their order. Fails as History::apply() does.
  Status take(const Record& record);
  // For a history that is known already; nothing was left out of it, and no order is known.
  static Chronicle of(History history);

  const History& history() const { return history_; }
  // Those for one process, oldest first.
  const std::vector<Order>& orders(std::string_view process) const;
  // By the latest run; nullptr if there was none.
  const Refusal* refusal(std::string_view process) const;
  // Whether the run ended, or goes on, after the task began to end: by the order of the records
  // where that is kept, and else by their times. REQUIRES: `run` is one of that process's.
  bool ended_with_task(const ProcessHistory& process, const Run& run) const;
  // When the configuration was first replaced after the moment: what it was before is on no record.
  std::optional<Microseconds> replaced_later() const { return replaced_later_; }
  // Whether the first runs of the process have been dropped, and all that are kept began after the
  // moment: how it stood is not known.
  bool forgotten(std::string_view process) const { return summaries_.contains(process); }

 private:
  bool leaves_out(const Record& record);
  bool puts_off(const ProcessSummary& summary);
  // The one that was put off, if there is one and the first run behind it is from before the
  // moment.
  Status take_summary(const ProcessStatus& next);
  void note_end();

  std::optional<Microseconds> until_;
  History history_;
  std::map<std::string, std::vector<Order>, std::less<>> orders_;
  std::map<std::string, Refusal, std::less<>> refusals_;
  std::optional<Microseconds> replaced_later_;
  // Nothing more is taken of these: a record of them was left out.
  std::set<std::string, std::less<>> closed_;
  bool task_closed_ = false;
  // Of which it is not known whether they are of before the moment; their names are the keys.
  std::map<std::string, ProcessSummary, std::less<>> summaries_;
  // How many runs of each process, in the order of the history, had ended when the task began to
  // end. Empty: it has not, or a compaction has put the records in another order.
  std::vector<std::uint32_t> ended_runs_;
};

}  // namespace thermos
