#include "core/record/history.h"

#include <algorithm>
#include <limits>

namespace thermos {
namespace {

Error corrupt(std::string what) {
  return {ErrorCode::Corrupt, std::move(what)};
}

std::string quoted(std::string_view name) {
  return '"' + std::string(name) + '"';
}

// Errors about a process's record. They are cold functions to keep the fold's code small.
[[gnu::cold]] Error wrong_sequence(const ProcessStatus& status, std::uint64_t expected) {
  return corrupt("process " + quoted(status.process) + ": a gap in its sequence: record " +
                 std::to_string(expected) + " is expected and " + std::to_string(status.seq) +
                 " found");
}

[[gnu::cold]] Error wrong_run(const ProcessStatus& status, std::uint32_t expected) {
  return corrupt("process " + quoted(status.process) + ", record " + std::to_string(status.seq) +
                 ": " + std::string(name_of(status.state)) + " of run " +
                 std::to_string(status.run) + " where run " + std::to_string(expected) +
                 " is expected");
}

[[gnu::cold]] Error no_numbers_left(const ProcessStatus& status) {
  return corrupt("process " + quoted(status.process) + ", record " + std::to_string(status.seq) +
                 " of run " + std::to_string(status.run) + ": no number is left for the next");
}

[[gnu::cold]] Error wrong_state(const ProcessStatus& status, const Run* run) {
  return corrupt("process " + quoted(status.process) + ", record " + std::to_string(status.seq) +
                 ": " + std::string(name_of(status.state)) + " can't follow " +
                 (run == nullptr ? "nothing" : std::string(name_of(run->state))));
}

// The counters of records and runs must not wrap around: all later records would look like repeats.
bool numbers_left(std::uint64_t seq, std::uint32_t run) {
  return seq < std::numeric_limits<std::uint64_t>::max() &&
         run < std::numeric_limits<std::uint32_t>::max();
}

std::uint64_t& counter(RunTotals& totals, ProcessState state) {
  switch (state) {
    case ProcessState::Success:
      return totals.success;
    case ProcessState::Failed:
      return totals.failed;
    case ProcessState::Killed:
      return totals.killed;
    default:
      return totals.lost;
  }
}

// Whether the process was only interned.
bool blank(const ProcessHistory& process) {
  return process.next_seq == 0 && !process.held && !process.immediate;
}

Forgiven forgive(const ProcessHistory& process) {
  const RunTotals& totals = process.totals;
  return {process.next_run, totals.failed, totals.killed - totals.ordered, totals.success};
}

// A Replacement gives the process another definition. A run whose launch was called off is still
// WAITING, and is the first under that definition.
void redefine(ProcessHistory& process) {
  const bool waits = process.live();
  process.forgiven = forgive(process);
  process.redefined = process.next_run - (waits ? 1 : 0);
  process.forgiven.runs = process.redefined;
  process.started = false;
  process.was_ready = false;
  process.held = false;
  process.ending.reset();
  process.failures_in_row = 0;
  process.immediate.reset();
  if (!waits && process.next_run > 0) process.immediate = process.next_run;
}

// What a run on a node says gets its time from the leader's boot clock. The next leader may run in
// another boot, whose clock is behind; its reports are newer all the same.
void forget_boot_times(ProcessHistory& process) {
  if (!process.said || !process.current()->node) return;
  Said& said = process.said.get();
  if (said.status_at) said.status_at->boot = 0;
  if (said.extended_at) said.extended_at->boot = 0;
}

}  // namespace

bool only_takes_lead(const TaskStep& before, const TaskStep& step) {
  return step.reason.empty() && step.status.state == before.status.state &&
         step.status.goal == before.status.goal;
}

Result<History::Outcome> History::apply(const Record& record) {
  // Process records first: a long stream consists of them.
  if (const auto* process = std::get_if<ProcessStatus>(&record)) return apply_process(*process);
  if (const auto* task = std::get_if<TaskStatus>(&record)) return apply_task(*task);
  if (const auto* summary = std::get_if<ProcessSummary>(&record)) return apply_summary(*summary);
  if (const auto* order = std::get_if<ProcessOrder>(&record)) return apply_order(*order);
  if (const auto* report = std::get_if<ProcessReport>(&record)) return apply_report(*report);
  if (const auto* replacement = std::get_if<Replacement>(&record))
    return apply_replacement(*replacement);
  if (const auto* leadership = std::get_if<Leadership>(&record))
    return apply_leadership(*leadership);
  if (const auto* change = std::get_if<NodeChange>(&record)) return apply_node(*change);
  return apply_header(*std::get_if<RunnerHeader>(&record));
}

Result<History::Outcome> History::apply_header(const RunnerHeader& header) {
  if (!header_) {
    header_ = header;
    return Outcome::Applied;
  }
  if (*header_ == header) return Outcome::Repeat;
  return corrupt("a second header, for task " + quoted(header.task_id) +
                 ", that differs from the first, for task " + quoted(header_->task_id));
}

Result<History::Outcome> History::apply_shortage(const TaskStatus& status) {
  if (steps_.empty()) return corrupt("a shortage before the task's state");
  std::optional<TaskStep> next;
  if (!status.shortage_over) {
    next = TaskStep{status, std::string(status.reason)};
    next->status.reason = {};
  }
  if (next == shortage_) return Outcome::Repeat;
  shortage_ = std::move(next);
  return Outcome::Applied;
}

Result<History::Outcome> History::apply_task(const TaskStatus& status) {
  if (!header_) return corrupt("a task's state before the runner's header");
  if (status.shortage != Shortage::None) return apply_shortage(status);
  if (!steps_.empty()) {
    const TaskStep& last = steps_.back();
    TaskStatus same = last.status;
    same.reason = last.reason;
    if (same == status) return Outcome::Repeat;
  }
  if (!may_follow(state(), status.state)) {
    return corrupt("the task can't be " + std::string(name_of(status.state)) + " after " +
                   std::string(name_of(state())));
  }
  if (!steps_.empty() && steps_.back().status.boot != status.boot) {
    for (ProcessHistory& process : processes_) forget_boot_times(process);
  }
  TaskStep& step = steps_.emplace_back(TaskStep{status, std::string(status.reason)});
  step.status.reason = {};
  if (is_terminal(status.state)) shortage_.reset();
  if (!leadership_ || !leadership_->yields) first_yield_.reset();
  return Outcome::Applied;
}

Result<History::Outcome> History::apply_process(const ProcessStatus& status) {
  if (!header_) return corrupt("a process's state before the runner's header");
  const auto found = find(status.process);
  ProcessHistory* known = found ? &processes_[*found] : nullptr;
  const std::uint64_t next_seq = known == nullptr ? 0 : known->next_seq;
  if (status.seq < next_seq) return Outcome::Repeat;
  if (status.seq > next_seq) return wrong_sequence(status, next_seq);
  if (!numbers_left(status.seq, status.run)) return no_numbers_left(status);

  const Run* current = known == nullptr ? nullptr : known->current();
  if (starts_run(status.state)) {
    const std::uint32_t next_run = known == nullptr ? 0 : known->next_run;
    if (current != nullptr && known->live()) return wrong_state(status, current);
    if (status.run != next_run) return wrong_run(status, next_run);
    // The record is valid, so the process may be added.
    if (known == nullptr) known = &processes_[intern(status.process)];
    known->next_run = status.run + 1;
    known->next_seq = status.seq + 1;
    start_run(*known, status);
    return Outcome::Applied;
  }

  if (current == nullptr || !may_follow(current->state, status.state)) {
    return wrong_state(status, current);
  }
  if (status.run != current->number) return wrong_run(status, current->number);
  known->next_seq = status.seq + 1;
  Run& run = known->runs.back();
  run.seq = status.seq;
  run.state = status.state;
  run.origin = status.origin;
  if (status.state == ProcessState::Forked) {
    run.coordinator = status.identity;
    run.boot = status.boot;
    run.forked = status.at;
  } else if (status.state == ProcessState::Running) {
    run.process = status.identity;
    run.started = status.at;
    known->started = true;
  } else {
    take_end(*known, run, status);
  }
  // Most records have no reason.
  if (!status.reason.empty() || !run.reason.empty()) run.reason = status.reason;
  return Outcome::Applied;
}

void History::start_run(ProcessHistory& process, const ProcessStatus& status) {
  Run& run = process.runs.emplace_back();
  run.seq = status.seq;
  run.number = status.run;
  run.state = status.state;
  run.origin = status.origin;
  run.waiting = status.at;
  if (!status.reason.empty()) run.reason = status.reason;
  process.held = false;
  process.immediate.reset();
  process.said.reset();
}

void History::take_end(ProcessHistory& process, Run& run, const ProcessStatus& status) const {
  run.stopped = status.at;
  run.refusals = 0;
  run.return_code = status.return_code;
  run.usage = status.usage;
  // The usage of a run that was taken over counts in the task where it ran.
  if (status.origin != Origin::TakenOver) process.used.add(run.usage);
  ++counter(process.totals, status.state);
  if (ended_by_order(status.state, status.origin)) ++process.totals.ordered;
  process.ending.reset();
  process.said.reset();
  process.last_end = status.at;
  process.failures_in_row = status.failures;
  // `at.boot` counts in the boot of the record's writer. After a reboot that is the new runner, and
  // FORKED has an earlier boot.
  const bool by_runner = !run.forked || status.origin == Origin::Reboot;
  process.last_boot = by_runner ? status.boot : run.boot;
  if (status.state == ProcessState::Failed && !process.first_failed) {
    process.first_failed = run.number;
  }
}

Result<History::Outcome> History::apply_summary(const ProcessSummary& summary) {
  if (!header_) return corrupt("a summary before the runner's header");
  if (summary.next_seq == 0 || !numbers_left(summary.next_seq, summary.next_run)) {
    return corrupt("process " + quoted(summary.process) +
                   ": a summary with the invalid next record number " +
                   std::to_string(summary.next_seq));
  }
  const auto known = find(summary.process);
  if (known && processes_[*known].next_seq >= summary.next_seq) return Outcome::Repeat;
  if (known && !processes_[*known].runs.empty()) {
    return corrupt("process " + quoted(summary.process) + ": a summary of " +
                   std::to_string(summary.next_seq) + " records where " +
                   std::to_string(processes_[*known].next_seq) + " are known");
  }
  const RunTotals& totals = summary.totals;
  if (totals.ordered > totals.killed || summary.forgiven.runs > summary.next_run ||
      summary.redefined > summary.next_run || summary.forgiven.failed > totals.failed ||
      summary.forgiven.success > totals.success ||
      summary.forgiven.killed > totals.killed - totals.ordered) {
    return corrupt("process " + quoted(summary.process) + ": a summary that adds up to no past");
  }
  ProcessHistory& process = processes_[intern(summary.process)];
  process.totals = summary.totals;
  process.used = summary.used;
  process.next_seq = summary.next_seq;
  process.next_run = summary.next_run;
  process.last_end = summary.last_end;
  process.last_boot = summary.boot;
  process.first_failed = summary.first_failed;
  process.started = summary.started;
  process.failures_in_row = summary.failures;
  process.was_ready = summary.was_ready;
  process.forgiven = summary.forgiven;
  process.redefined = summary.redefined;
  // The runs that the summary replaces have started, and a run that starts ends a hold and uses up
  // a waived wait.
  process.held = false;
  process.immediate.reset();
  return Outcome::Applied;
}

Result<History::Outcome> History::apply_order(const ProcessOrder& order) {
  if (!header_) return corrupt("an order before the runner's header");
  ProcessHistory& process = processes_[intern(order.process)];
  const bool live = process.live();
  if (order.verb == Verb::Fail) {
    if (live && !process.ending) {
      process.ending =
          StopOrder{process.current()->number, order.at, order.deadline, std::string(order.reason)};
    }
    return Outcome::Applied;
  }
  process.held = order.verb == Verb::Stop;
  if (order.revives && !live) process.forgiven = forgive(process);
  if (order.redefines) redefine(process);
  if (order.verb == Verb::Start) {
    // A run that is still WAITING has nothing to end.
    if (live && process.current()->state == ProcessState::Waiting) process.ending.reset();
  } else if (live) {
    StopOrder ending{process.current()->number, order.at, order.deadline, {}, order.yields};
    // A run that the runner ends has failed, whatever is ordered meanwhile.
    if (process.ending) ending.failure = process.ending->failure;
    // If the first order has the later boot time, it dates from before a reboot, and its times mean
    // nothing any more.
    if (process.ending && process.ending->at.boot <= order.at.boot) {
      // The first order set the time; a later one may only move the deadline forward.
      ending.at = process.ending->at;
      if (process.ending->deadline.boot < ending.deadline.boot) {
        ending.deadline = process.ending->deadline;
      }
    }
    process.ending = ending;
  }
  process.immediate.reset();
  // A run that has started has waited already.
  if (process.held || (live && !process.ending)) return Outcome::Applied;
  process.immediate = process.next_run;
  process.failures_in_row = 0;
  return Outcome::Applied;
}

Result<History::Outcome> History::apply_replacement(const Replacement& replacement) {
  const std::string named = "replacement " + std::to_string(replacement.generation);
  if (!header_) return corrupt(named + " before the runner's header");
  if (replacement.generation != 0 && replacement.generation <= generation()) return Outcome::Repeat;
  if (replacement.generation != generation() + 1) {
    return corrupt(named + " where number " + std::to_string(generation() + 1) + " is expected");
  }
  for (const auto* names : {&replacement.changed, &replacement.added}) {
    for (const std::string& name : *names) {
      const auto known = find(name);
      if (known && processes_[*known].live() &&
          processes_[*known].current()->state != ProcessState::Waiting) {
        return corrupt(named + ": process " + quoted(name) + " runs under the one before");
      }
    }
  }
  for (const auto* names : {&replacement.changed, &replacement.added}) {
    for (const std::string& name : *names) {
      ProcessHistory& process = processes_[intern(name)];
      redefine(process);
      process.removed = false;
    }
  }
  for (const std::string& name : replacement.removed) processes_[intern(name)].removed = true;
  replacements_.push_back(replacement);
  return Outcome::Applied;
}

Result<History::Outcome> History::apply_leadership(const Leadership& leadership) {
  if (!header_) return corrupt("where a task is led from, before the runner's header");
  if (leadership_ == leadership) return Outcome::Repeat;
  leadership_ = leadership;
  // A Leadership that follows a yield does not end it: its leader may have vanished before it wrote
  // the task's state.
  if (leadership.yields && !first_yield_) first_yield_ = leadership;
  return Outcome::Applied;
}

bool History::is_gone(std::string_view node) const {
  return std::any_of(gone_nodes_.begin(), gone_nodes_.end(),
                     [node](const NodeChange& gone) { return gone.node == node; });
}

Result<History::Outcome> History::apply_node(const NodeChange& change) {
  if (!header_) return corrupt("a node's change before the runner's header");
  const auto known = std::find_if(gone_nodes_.begin(), gone_nodes_.end(),
                                  [&change](const auto& gone) { return gone.node == change.node; });
  if (change.gone == (known != gone_nodes_.end())) return Outcome::Repeat;
  if (change.gone) {
    gone_nodes_.push_back(change);
  } else {
    gone_nodes_.erase(known);
  }
  return Outcome::Applied;
}

bool History::yielded() const {
  if (!leadership_ || !leadership_->yields || is_terminal(state())) return false;
  return std::none_of(processes_.begin(), processes_.end(), [](const ProcessHistory& process) {
    return process.live() && process.current()->state != ProcessState::Waiting;
  });
}

Result<History::Outcome> History::apply_report(const ProcessReport& report) {
  const auto known = find(report.process);
  ProcessHistory* process = known ? &processes_[*known] : nullptr;
  if (process == nullptr || report.run >= process->next_run) {
    return corrupt("process " + quoted(report.process) + ": a report of run " +
                   std::to_string(report.run) + ", which has not begun");
  }
  // A report of a run that is over decides nothing.
  const bool under_way = process->live() && process->runs.back().number == report.run;
  return under_way && take_report(*process, report) ? Outcome::Applied : Outcome::Repeat;
}

// Returns false if the report tells nothing new: a runner that takes over reads a coordinator's
// reports again.
bool History::take_report(ProcessHistory& process, const ProcessReport& report) {
  Run& run = process.runs.back();
  const auto newer = [&report](std::optional<Timestamp>& known) {
    if (known && known->boot >= report.at.boot) return false;
    known = report.at;
    return true;
  };
  switch (report.kind) {
    case ReportKind::Ready:
      if (run.ready) return false;
      run.ready = report.at;
      process.was_ready = true;
      return true;
    case ReportKind::Unhealthy:
      if (run.refusals < std::numeric_limits<std::uint16_t>::max()) ++run.refusals;
      return true;
    case ReportKind::Healthy:
      if (run.refusals == 0) return false;
      run.refusals = 0;
      return true;
    case ReportKind::Status:
      if (!newer(process.said.get().status_at)) return false;
      process.said.get().status = report.text;
      return true;
    case ReportKind::Stopping:
      if (process.said && process.said->stopping) return false;
      process.said.get().stopping = report.at;
      return true;
    case ReportKind::Extended:
      if (!newer(process.said.get().extended_at)) return false;
      process.said.get().until = report.until;
      return true;
    case ReportKind::Ignored:
      if (process.said && process.said->ignored) return false;
      process.said.get().ignored = report.at;
      return true;
    case ReportKind::Placed:
      if (run.state != ProcessState::Waiting || (run.node && *run.node == report.text)) {
        return false;
      }
      run.node.get() = report.text;
      return true;
  }
  return false;  // GCOVR_EXCL_LINE: the codec refuses other kinds
}

bool History::would_apply(const ProcessStatus& status) const {
  if (!header_) return false;
  const auto known = find(status.process);
  if (!known) return starts_run(status.state) && status.seq == 0 && status.run == 0;
  const ProcessHistory& process = processes_[*known];
  if (status.seq != process.next_seq || !numbers_left(status.seq, status.run)) return false;
  if (starts_run(status.state)) return !process.live() && status.run == process.next_run;
  const Run* run = process.current();
  return run != nullptr && status.run == run->number && may_follow(run->state, status.state);
}

std::optional<ProcessStatus> History::missing_waiting(const ProcessStatus& forked) const {
  if (forked.state != ProcessState::Forked || forked.seq == 0) return std::nullopt;
  ProcessStatus waiting;
  waiting.process = forked.process;
  waiting.seq = forked.seq - 1;
  waiting.run = forked.run;
  waiting.state = ProcessState::Waiting;
  waiting.origin = Origin::FoundAtResume;
  waiting.at = forked.at;
  return would_apply(waiting) ? std::optional(waiting) : std::nullopt;
}

std::optional<std::uint32_t> History::find(std::string_view name) const {
  return index_.find(name,
                     [this](std::uint32_t i) -> const std::string& { return processes_[i].name; });
}

std::uint32_t History::intern(std::string_view name) {
  if (const auto known = find(name)) return *known;
  const auto index = static_cast<std::uint32_t>(processes_.size());
  processes_.emplace_back().name = name;
  index_.add(name, index);
  return index;
}

bool History::operator==(const History& other) const {
  if (header_ != other.header_ || steps_ != other.steps_ || replacements_ != other.replacements_ ||
      leadership_ != other.leadership_ || first_yield_ != other.first_yield_ ||
      shortage_ != other.shortage_ || gone_nodes_ != other.gone_nodes_) {
    return false;
  }
  const auto spoken = [](const History& history) {
    return std::count_if(history.processes_.begin(), history.processes_.end(),
                         [](const ProcessHistory& process) { return !blank(process); });
  };
  if (spoken(*this) != spoken(other)) return false;
  return std::all_of(processes_.begin(), processes_.end(), [&](const ProcessHistory& process) {
    if (blank(process)) return true;
    const auto same = other.find(process.name);
    return same && other.processes_[*same] == process;
  });
}

}  // namespace thermos
