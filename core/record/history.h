// The run history: what a runner's stream adds up to. One fold, used alike by the live runner, by
// replay and by every reader, so that what is shown, resumed and decided can't differ.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/name_index.h"
#include "core/base/result.h"
#include "core/base/series.h"
#include "core/record/record.h"

namespace thermos {

// One run of one process. Times are absent (nullopt) until the transition that sets them.
struct Run {
  std::uint64_t seq = 0;  // of the latest transition
  std::uint32_t number = 0;
  ProcessState state = ProcessState::Waiting;
  Origin origin = Origin::Recorded;  // of the latest transition
  Identity coordinator;
  Identity process;
  BootId boot;
  Timestamp waiting;
  std::optional<Timestamp> forked;
  std::optional<Timestamp> started;
  std::optional<Timestamp> stopped;
  std::optional<std::int32_t> return_code;
  std::string reason;
  bool operator==(const Run&) const = default;
};

// An order to end a run that was under way.
struct StopOrder {
  std::uint32_t run = 0;
  Timestamp at;
  Timestamp deadline;
  bool operator==(const StopOrder&) const = default;
};

struct ProcessHistory {
  std::string name;
  Series<Run> runs;            // oldest first; the oldest may have been dropped
  RunTotals totals;            // of all runs that ended, the dropped ones included
  std::uint64_t next_seq = 0;  // what the next record must carry
  std::uint32_t next_run = 0;
  std::optional<std::uint32_t> first_failed;  // the number of the first run that FAILED
  // The end of the latest run that ended, and the boot it counts in: where min_duration starts.
  // That is the boot of the run's FORKED; for a run that has none, or was lost by a reboot, the
  // boot of the runner that wrote its end.
  std::optional<Timestamp> last_end;
  BootId last_boot;
  // What was ordered and still counts.
  bool held = false;                // it is not run until it is started by an order
  std::optional<StopOrder> ending;  // until that run has ended
  // The number of the run that need not wait for min_duration.
  std::optional<std::uint32_t> immediate;

  // The run under way or the last one; nullptr before the first.
  const Run* current() const { return runs.empty() ? nullptr : &runs.back(); }
  // Run `number`; nullptr when it was never begun, or dropped. Numbers have no gaps.
  const Run* run(std::uint32_t number) const {
    if (runs.empty() || number < runs.front().number) return nullptr;
    const std::size_t nth = number - runs.front().number;
    return nth < runs.size() ? &runs[nth] : nullptr;
  }
  bool live() const { return !runs.empty() && !is_terminal(runs.back().state); }
  bool operator==(const ProcessHistory&) const = default;
};

// A task status kept for good: `reason` owned.
struct TaskStep {
  TaskStatus status;  // its reason is empty; the text is below
  std::string reason;
  bool operator==(const TaskStep&) const = default;
};

// Whether `step`, behind `before`, says no more than that a runner took the lead: the task stays in
// its state and keeps its goal, and nobody gave a reason.
bool only_takes_lead(const TaskStep& before, const TaskStep& step);

// References, pointers and views into a history are good until the next apply() or intern().
class History {
 public:
  enum class Outcome : std::uint8_t { Applied, Repeat };

  // Takes one record. Repeat: this very transition is known already, nothing changed. An error
  // (Corrupt): a gap in the sequence, an illegal transition, a second header, a record before the
  // header. After an error the history is as it was before.
  Result<Outcome> apply(const Record& record);
  // Would apply() take it as new? Without the cost of doing it.
  bool would_apply(const ProcessStatus& status) const;
  // A power cut can take the runner's WAITING, which nothing waits for on the disk, and leave the
  // coordinator's FORKED behind it. But FORKED says that there was one: this is it, for apply()
  // before `forked`. Nothing when it is not missing, or would not be all that is missing. At the
  // time of FORKED; its views are those of `forked`.
  std::optional<ProcessStatus> missing_waiting(const ProcessStatus& forked) const;

  const std::optional<RunnerHeader>& header() const { return header_; }
  // Every task status, oldest first; several in a row may carry the same state.
  const std::vector<TaskStep>& steps() const { return steps_; }
  TaskState state() const {
    return steps_.empty() ? TaskState::Active : steps_.back().status.state;
  }

  // Processes in order of their first appearance (or of intern()).
  const std::vector<ProcessHistory>& processes() const { return processes_; }
  const ProcessHistory& process(std::uint32_t index) const { return processes_[index]; }
  std::optional<std::uint32_t> find(std::string_view name) const;

  // Makes room for a process before its first record, so that a runner can have its task's own
  // order. Returns its index. A name known already keeps its place.
  std::uint32_t intern(std::string_view name);

  // ---- compaction (history_compaction.cc) ----

  // Forgets all but the latest `keep` runs of each process, and task statuses that only say that
  // one more runner took the lead, beyond the latest `keep`. Totals and what decides stay.
  // REQUIRES: keep > 0.
  void drop_old(std::size_t keep);
  // How many records rewrite() would give after drop_old(keep).
  std::size_t records_after(std::size_t keep) const;
  // Hands out records that apply(), starting from nothing, turns into a history equal to this. A
  // record is valid during its call. Where `give` answers an error, that is the answer.
  Status rewrite(const std::function<Status(const Record&)>& give) const;

  // Two histories are equal when they mean the same, whatever the order of first appearance. A
  // process that was only interned counts as absent.
  bool operator==(const History& other) const;

 private:
  Result<Outcome> apply_header(const RunnerHeader& header);
  Result<Outcome> apply_task(const TaskStatus& status);
  Result<Outcome> apply_process(const ProcessStatus& status);
  static void start_run(ProcessHistory& process, const ProcessStatus& status);
  void take_end(ProcessHistory& process, Run& run, const ProcessStatus& status) const;
  Result<Outcome> apply_summary(const ProcessSummary& summary);
  Result<Outcome> apply_order(const ProcessOrder& order);

  std::optional<RunnerHeader> header_;
  std::vector<TaskStep> steps_;
  std::vector<ProcessHistory> processes_;
  NameIndex index_;
};

}  // namespace thermos
