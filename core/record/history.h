// The run history of a task: the state that the records of a runner's stream give. The live runner,
// replay and every reader use this one fold, so what they show, resume and decide cannot differ.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/name_index.h"
#include "core/base/optional_time.h"
#include "core/base/rare.h"
#include "core/base/result.h"
#include "core/base/series.h"
#include "core/record/record.h"

namespace thermos {

// One run of one process. Each time is nothing until the transition that sets it.
struct Run {
  std::uint64_t seq = 0;  // of the latest transition
  std::uint32_t number = 0;
  ProcessState state = ProcessState::Waiting;
  Origin origin = Origin::Recorded;  // of the latest transition
  std::uint16_t refusals = 0;        // its `healthy` said no so often in a row, up to now
  Identity coordinator;
  Identity process;
  BootId boot;
  Timestamp waiting;
  OptionalTime forked;
  OptionalTime started;
  OptionalTime ready;  // its `ready` said yes
  OptionalTime stopped;
  Usage usage;
  std::optional<std::int32_t> return_code;
  std::string reason;
  Rare<std::string> node;  // where it runs; nothing: on the leader's own machine
  // The id of the task in which it ran; empty: this one.
  std::string_view taken_over_from() const {
    return origin == Origin::TakenOver ? std::string_view(reason) : std::string_view();
  }
  bool operator==(const Run&) const = default;
};

// What the run under way said of itself. Each time is that of the latest report of its kind.
struct Said {
  std::string status;
  std::optional<Timestamp> status_at;
  std::optional<Timestamp> stopping;
  Microseconds until = 0;  // its limits are not over before; by the boot clock
  std::optional<Timestamp> extended_at;
  std::optional<Timestamp> ignored;
  bool operator==(const Said&) const = default;
};

// An order to end a run that was under way.
struct StopOrder {
  std::uint32_t run = 0;
  Timestamp at;
  Timestamp deadline;
  // The reason of a Verb::Fail: the run counts as FAILED. Nothing: it counts as KILLED.
  std::optional<std::string> failure{};
  bool yields = false;  // unless it ends as a SUCCESS
  bool operator==(const StopOrder&) const = default;
};

struct ProcessHistory {
  std::string name;
  Series<Run> runs;            // oldest first; compaction may have dropped the oldest
  RunTotals totals;            // of all ended runs, the dropped ones included
  UsageTotals used;            // by all of them
  std::uint64_t next_seq = 0;  // the number that the next record must have
  std::uint32_t next_run = 0;  // the number of the next run
  std::optional<std::uint32_t> first_failed;  // the number of the first run that FAILED
  // These two are of the runs under its latest definition.
  bool started = false;    // a run has been RUNNING
  bool was_ready = false;  // a run of it has been ready
  // The end of the latest ended run, from which min_duration counts, and the boot in which
  // last_end.boot counts: the boot of the run's FORKED, or, for a run without FORKED or lost by a
  // reboot, the boot of the runner that recorded its end.
  std::optional<Timestamp> last_end;
  BootId last_boot;
  Forgiven forgiven;  // by the latest order that revived it, or replacement that defined it anew
  std::uint32_t redefined = 0;  // its first run under its latest definition
  bool removed = false;         // the latest configuration does not have it
  // Failures in a row up to there, as the backoff counts them: as recorded with that end; 0 after
  // an order that waives the next wait.
  std::uint32_t failures_in_row = 0;
  // Orders that still apply.
  bool held = false;                // no run starts until an order starts the process
  std::optional<StopOrder> ending;  // the run under way is to end; reset when it has ended
  // The number of the run that need not wait for min_duration.
  std::optional<std::uint32_t> immediate;
  Rare<Said> said;  // by the run under way

  // The run under way, or else the last one; nullptr before the first run.
  const Run* current() const { return runs.empty() ? nullptr : &runs.back(); }
  // Run `number`; nullptr if it did not start yet or was dropped. Numbers have no gaps.
  const Run* run(std::uint32_t number) const {
    if (runs.empty() || number < runs.front().number) return nullptr;
    const std::size_t nth = number - runs.front().number;
    return nth < runs.size() ? &runs[nth] : nullptr;
  }
  // How many runs count towards max_failures and max_kills, and as a success.
  std::uint64_t failures() const { return totals.failed - forgiven.failed; }
  std::uint64_t kills() const { return totals.killed - totals.ordered - forgiven.killed; }
  std::uint64_t successes() const { return totals.success - forgiven.success; }
  // Whether it has run under its latest definition. If not, what it did before decides nothing.
  bool begun() const { return next_run > redefined; }
  // Whether it was revived, and has not run since.
  bool revived() const { return forgiven.runs != 0 && forgiven.runs == next_run; }
  bool live() const { return !runs.empty() && !is_terminal(runs.back().state); }
  bool operator==(const ProcessHistory&) const = default;
};

// A task status that owns its `reason`.
struct TaskStep {
  TaskStatus status;  // its own reason is empty; the text is below
  std::string reason;
  bool operator==(const TaskStep&) const = default;
};

// Whether `step`, which follows `before`, only tells that another runner took the lead: the task
// keeps its state and its goal, and the step has no reason.
bool only_takes_lead(const TaskStep& before, const TaskStep& step);

// Calls `give` with what another program must know of a process to take over its run under way, or
// to launch it: a summary of the runs before, where there are any, and the records of the run.
// Fails as `give` does. REQUIRES: it has a run.
Status give_current_run(const ProcessHistory& process,
                        const std::function<Status(const Record&)>& give);

// Calls `give` with what stands before `forked` in a history that has nothing but a header and that
// run: a summary of the records before, where there are any, and WAITING. A coordinator's stream
// has neither. Fails as `give` does. REQUIRES: `forked` is a FORKED.
Status give_before_fork(const ProcessStatus& forked,
                        const std::function<Status(const Record&)>& give);

// References, pointers and views into a history are valid until the next apply() or intern().
class History {
 public:
  enum class Outcome : std::uint8_t { Applied, Repeat };

  // Adds one record. Repeat: this transition was known, and nothing changed. Fails with Corrupt for
  // a gap in the sequence, an illegal transition, a different second header, or a record before the
  // header; then the history is unchanged.
  Result<Outcome> apply(const Record& record);
  // Whether apply() would return Applied for this record; changes nothing.
  bool would_apply(const ProcessStatus& status) const;
  // Returns the WAITING record that is missing before `forked`, for apply(). A loss of power can
  // lose the runner's WAITING, which is not synced, and keep the coordinator's FORKED after it;
  // FORKED implies that there was one. Its time is that of FORKED, its views are those of `forked`.
  // Returns nothing if WAITING is not missing, or is not all that is missing.
  std::optional<ProcessStatus> missing_waiting(const ProcessStatus& forked) const;

  const std::optional<RunnerHeader>& header() const { return header_; }
  // Every task status, oldest first; several in a row may have the same state.
  const std::vector<TaskStep>& steps() const { return steps_; }
  TaskState state() const {
    return steps_.empty() ? TaskState::Active : steps_.back().status.state;
  }

  // The latest; nothing where the header says where the task is led from.
  const std::optional<Leadership>& leadership() const { return leadership_; }
  // Since when launches wait because the machine is short of something.
  const std::optional<TaskStep>& shortage() const { return shortage_; }
  // When a leader began to yield, until one after it has written the task's state: the task's time
  // stands still.
  const std::optional<Timestamp>& still_since() const { return still_since_; }
  // Its leader has given it up for now, and nothing of it was left running.
  bool yielded() const;

  // The nodes that are gone, as they were called so.
  const std::vector<NodeChange>& gone_nodes() const { return gone_nodes_; }
  bool is_gone(std::string_view node) const;

  // Oldest first.
  const std::vector<Replacement>& replacements() const { return replacements_; }
  // Of the configuration: 0 is the one that the task began with.
  std::uint32_t generation() const { return static_cast<std::uint32_t>(replacements_.size()); }

  // Processes in the order of their first record or intern().
  const std::vector<ProcessHistory>& processes() const { return processes_; }
  const ProcessHistory& process(std::uint32_t index) const { return processes_[index]; }
  std::optional<std::uint32_t> find(std::string_view name) const;

  // Returns the index of the process `name` and adds the process if it is not known, so that a
  // runner can use the task's own order before the first record.
  std::uint32_t intern(std::string_view name);

  // ---- compaction (history_compaction.cc) ----

  // Drops all but the latest `keep` runs of each process, and all but the latest `keep` task
  // statuses that only tell that another runner took the lead. Totals and everything that decides
  // about later runs stay. REQUIRES: keep > 0.
  void drop_old(std::size_t keep);
  // Estimates how many records rewrite() gives after drop_old(keep).
  std::size_t records_after(std::size_t keep) const;
  // Calls `give` with records that apply() turns, starting from an empty history, into one equal to
  // this. A record is valid only during the call. An error of `give` ends it and is returned.
  Status rewrite(const std::function<Status(const Record&)>& give) const;

  // Two histories are equal if their contents are, whatever the order of processes. A process that
  // was only interned counts as absent.
  bool operator==(const History& other) const;

 private:
  Result<Outcome> apply_header(const RunnerHeader& header);
  Result<Outcome> apply_task(const TaskStatus& status);
  Result<Outcome> apply_shortage(const TaskStatus& status);
  Result<Outcome> apply_process(const ProcessStatus& status);
  static void start_run(ProcessHistory& process, const ProcessStatus& status);
  void take_end(ProcessHistory& process, Run& run, const ProcessStatus& status) const;
  Result<Outcome> apply_summary(const ProcessSummary& summary);
  Result<Outcome> apply_order(const ProcessOrder& order);
  Result<Outcome> apply_replacement(const Replacement& replacement);
  Result<Outcome> apply_report(const ProcessReport& report);
  Result<Outcome> apply_leadership(const Leadership& leadership);
  Result<Outcome> apply_node(const NodeChange& change);
  static bool take_report(ProcessHistory& process, const ProcessReport& report);

  std::optional<RunnerHeader> header_;
  std::vector<TaskStep> steps_;
  std::optional<TaskStep> shortage_;
  std::vector<Replacement> replacements_;
  std::optional<Leadership> leadership_;
  std::optional<Timestamp> still_since_;
  std::vector<NodeChange> gone_nodes_;
  std::vector<ProcessHistory> processes_;
  NameIndex index_;
};

}  // namespace thermos
