// The run history of a task: the state that results from the records of a runner's stream. The live
// runner, replay and every reader use this one fold, so what they show, resume and decide cannot
// differ.
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

// One run of one process. A time is empty until the transition that sets it.
struct Run {
  std::uint64_t seq = 0;  // of the latest transition
  std::uint32_t number = 0;
  ProcessState state = ProcessState::Waiting;
  Origin origin = Origin::Recorded;  // of the latest transition
  std::uint16_t refusals = 0;        // failed `healthy` checks in a row, until now
  Identity coordinator;
  Identity process;
  BootId boot;
  Timestamp waiting;
  OptionalTime forked;
  OptionalTime started;
  OptionalTime ready;  // when the run became ready
  OptionalTime stopped;
  Usage usage;
  std::optional<std::int32_t> return_code;
  std::string reason;
  Rare<std::string> node;  // the node it runs on; empty: the leader's own machine
  // Returns the id of the task in which this run took place, if its success was taken over from
  // that task; otherwise an empty text.
  std::string_view taken_over_from() const {
    return origin == Origin::TakenOver ? std::string_view(reason) : std::string_view();
  }
  bool operator==(const Run&) const = default;
};

// What the run under way said of itself (sd_notify(3)). `status_at` and `extended_at` are the times
// of the latest report of their kind, `stopping` and `ignored` those of the first.
struct Said {
  std::string status;
  std::optional<Timestamp> status_at;
  std::optional<Timestamp> stopping;
  // The run's time limits end no earlier (EXTEND_TIMEOUT_USEC); by the boot clock.
  Microseconds until = 0;
  std::optional<Timestamp> extended_at;
  std::optional<Timestamp> ignored;
  bool operator==(const Said&) const = default;
};

// An order to end a run that was under way.
struct StopOrder {
  std::uint32_t run = 0;
  Timestamp at;
  Timestamp deadline;
  // If set, the runner ends the run (Verb::Fail) for this reason, and the run counts as FAILED.
  // Otherwise it counts as KILLED.
  std::optional<std::string> failure{};
  bool yields = false;  // the task yields: a run that ends as SUCCESS counts as SUCCESS
  bool operator==(const StopOrder&) const = default;
};

struct ProcessHistory {
  std::string name;
  Series<Run> runs;            // oldest first; compaction may have dropped the oldest
  RunTotals totals;            // of all ended runs, the dropped ones included
  UsageTotals used;            // by all ended runs, without successes that were taken over
  std::uint64_t next_seq = 0;  // the number that the next record must have
  std::uint32_t next_run = 0;  // the number of the next run
  std::optional<std::uint32_t> first_failed;  // the number of the first run that FAILED
  // These two cover only the runs under the process's latest definition.
  bool started = false;    // a run has been RUNNING
  bool was_ready = false;  // a run has been ready
  // The end of the latest ended run, from which min_duration counts, and the boot in which
  // last_end.boot counts. That is the boot of the run's FORKED or, for a run without FORKED or lost
  // by a reboot, the boot of the runner that recorded its end.
  std::optional<Timestamp> last_end;
  BootId last_boot;
  // Set by the latest order that revived the process, or the latest Replacement that redefined it.
  Forgiven forgiven;
  std::uint32_t redefined = 0;  // the first run under the latest definition
  bool removed = false;         // the latest configuration does not have the process
  // Failures in a row up to last_end, as the backoff counts them and as the record of that end
  // says. 0 after an order that waives the next wait.
  std::uint32_t failures_in_row = 0;
  // Orders that still apply.
  bool held = false;                // no run starts until an order starts the process
  std::optional<StopOrder> ending;  // the run under way is to end; reset when it has ended
  // The number of the run that need not wait for min_duration.
  std::optional<std::uint32_t> immediate;
  Rare<Said> said;  // what the run under way said of itself

  // Returns the run under way, or else the last one; nullptr before the first run.
  const Run* current() const { return runs.empty() ? nullptr : &runs.back(); }
  // Returns run `number`; nullptr if it has not started yet or was dropped. Numbers have no gaps.
  const Run* run(std::uint32_t number) const {
    if (runs.empty() || number < runs.front().number) return nullptr;
    const std::size_t nth = number - runs.front().number;
    return nth < runs.size() ? &runs[nth] : nullptr;
  }
  // How many runs count towards max_failures, towards max_kills, and as a success.
  std::uint64_t failures() const { return totals.failed - forgiven.failed; }
  std::uint64_t kills() const { return totals.killed - totals.ordered - forgiven.killed; }
  std::uint64_t successes() const { return totals.success - forgiven.success; }
  // Whether the process has a run under its latest definition. If not, its earlier runs decide
  // nothing.
  bool begun() const { return next_run > redefined; }
  // Whether the process was revived, or redefined by a Replacement, and has had no run since.
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

// Whether `step`, which follows `before`, says only that another runner took the lead: the task
// keeps its state and its goal, and the step has no reason.
bool only_takes_lead(const TaskStep& before, const TaskStep& step);

// Calls `give` with the records that another program needs to take over the process's current run,
// or to launch it: a summary of the earlier runs, if there are any, and the records of that run.
// Returns the error of `give` if it fails. REQUIRES: the process has a run.
Status give_current_run(const ProcessHistory& process,
                        const std::function<Status(const Record&)>& give);

// Calls `give` with what stands before `forked` in a history that has nothing but a header and that
// run: a summary of the records before, where there are any, and WAITING. A coordinator's stream
// has neither. Fails as `give` does. REQUIRES: `forked` is a FORKED.
Status give_before_fork(const ProcessStatus& forked,
                        const std::function<Status(const Record&)>& give);

// References, pointers and views into a history are valid until the next apply(), intern() or
// drop_old().
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
  // lose the runner's WAITING, which is not synced, and keep the coordinator's FORKED after it; a
  // FORKED implies that there was a WAITING. The returned record has the time of `forked`, and its
  // views are those of `forked`. Returns nothing if WAITING is not missing, or if more than WAITING
  // is missing.
  std::optional<ProcessStatus> missing_waiting(const ProcessStatus& forked) const;

  const std::optional<RunnerHeader>& header() const { return header_; }
  // Every task status, oldest first; several in a row may have the same state.
  const std::vector<TaskStep>& steps() const { return steps_; }
  TaskState state() const {
    return steps_.empty() ? TaskState::Active : steps_.back().status.state;
  }

  // The latest Leadership. Empty if there is none, because the header already says where the task
  // is led from.
  const std::optional<Leadership>& leadership() const { return leadership_; }
  // The task status that began the current shortage: since then launches wait because the machine
  // is short of something. Empty: there is no shortage.
  const std::optional<TaskStep>& shortage() const { return shortage_; }
  // When a leader began to yield. It stays set until a later leader has written the task's state;
  // in between, the deadline of an ending task does not come nearer.
  std::optional<Timestamp> still_since() const {
    return first_yield_ ? std::optional(first_yield_->at) : std::nullopt;
  }
  // Whether the leader has yielded the task and left none of its runs alive; WAITING ones may be
  // left.
  bool yielded() const;

  // The nodes that are gone, in the order in which they were reported gone.
  const std::vector<NodeChange>& gone_nodes() const { return gone_nodes_; }
  bool is_gone(std::string_view node) const;

  // All replacements of the configuration, oldest first.
  const std::vector<Replacement>& replacements() const { return replacements_; }
  // The number of the latest configuration; 0 is the one that the task began with.
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
  // Calls `give` with records from which apply() makes an equal history, if it starts with an empty
  // one. A record is valid only during the call. An error of `give` ends the rewrite and is
  // returned.
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
  std::optional<Leadership> first_yield_;  // the Leadership whose time is still_since()
  std::vector<NodeChange> gone_nodes_;
  std::vector<ProcessHistory> processes_;
  NameIndex index_;
};

}  // namespace thermos
