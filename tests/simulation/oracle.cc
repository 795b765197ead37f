#include "oracle.h"

#include <algorithm>

namespace thermos::sim {

void Oracle::apply(const Entry& entry) {
  if (entry.kind == Entry::Kind::Task) {
    started_ = true;
    task_ = entry;
    const bool ending = entry.state != TaskState::Active;
    if (ending && !left_active_) left_active_ = entry.written;
    if (ending && entry.goal == TaskState::Lost && !lost_) lost_ = entry.written;
    if (!given_up_) yielded_.reset();
  }
  if (entry.kind == Entry::Kind::Place) {
    given_up_ = entry.yields;
    if (given_up_ && !yielded_) yielded_ = entry.written;
  }
  if (entry.kind == Entry::Kind::Order) apply_order(entry);
  if (entry.kind == Entry::Kind::Replacement) {
    for (Process& process : processes_) process.kept = process.live;
    for (const ProcessIndex p : entry.changed) redefine(p);
  }
  if (entry.kind == Entry::Kind::Ready) {
    processes_[entry.process].ready = true;
    processes_[entry.process].was_ready = true;
  }
  if (entry.kind == Entry::Kind::Unhealthy) ++processes_[entry.process].refusals;
  if (entry.kind == Entry::Kind::Healthy) processes_[entry.process].refusals = 0;
  if (entry.kind == Entry::Kind::Said) apply_saying(entry);
  if (entry.kind != Entry::Kind::Process) return;
  Process& process = processes_[entry.process];
  process.spoken = process.ran = true;
  process.heard = entry.written.when;
  process.run = entry.run;
  process.next_seq = entry.seq + 1;
  process.state = entry.process_state;
  process.live = !is_terminal(entry.process_state);
  process.parked = false;
  if (entry.process_state == ProcessState::Waiting) process.held = process.immediate = false;
  if (entry.process_state == ProcessState::Waiting) process.kept = false;
  if (entry.process_state == ProcessState::Waiting) process.started.reset();
  if (entry.process_state == ProcessState::Waiting) process.ready = false;
  if (entry.process_state == ProcessState::Waiting) process.refusals = 0;
  if (entry.process_state == ProcessState::Waiting) forget_sayings(process);
  if (entry.process_state == ProcessState::Running) {
    process.started = entry.happened;
    process.begun = true;
  }
  if (process.live) return;
  apply_backoff(entry);
  process.ending.reset();
  process.failing = process.yields = false;
  process.ended = entry.happened;
  if (entry.process_state == ProcessState::Failed) ++process.failures;
  if (entry.process_state == ProcessState::Killed && !entry.by_order) ++process.kills;
  if (entry.process_state == ProcessState::Success) process.succeeded = true;
}

// Nothing that came before counts for what is defined anew.
void Oracle::redefine(ProcessIndex p) {
  Process& process = processes_[p];
  process.failures = process.kills = process.in_row = 0;
  process.succeeded = process.begun = process.was_ready = process.revived = false;
  process.held = false;
  process.ran = process.live;
  process.ending.reset();
  process.immediate = process.spoken && !process.live;
}

void Oracle::apply_saying(const Entry& entry) {
  Process& process = processes_[entry.process];
  process.said_at = entry.written.when;
  if (entry.said == ReportKind::Status) process.status = entry.happened;
  if (entry.said == ReportKind::Stopping) process.stopping = true;
  if (entry.said == ReportKind::Extended) {
    process.asked = entry.happened;
    process.until = entry.until;
  }
}

void Oracle::forget_sayings(Process& process) {
  process.asked.reset();
  process.status.reset();
  process.until = 0;
  process.stopping = false;
}

void Oracle::apply_order(const Entry& entry) {
  Process& process = processes_[entry.process];
  if (entry.verb == Verb::Fail) {
    process.ending = entry.written;
    process.failing = true;
    process.ordered_run = process.run;
    process.kill_at = entry.kill_at;
    return;
  }
  if (entry.revives) {
    process.failures = process.kills = 0;
    process.revived = true;
  }
  const bool unborn = process.live && process.state == ProcessState::Waiting;
  process.held = entry.verb == Verb::Stop;
  if (entry.verb == Verb::Start) {
    if (unborn) process.ending.reset();
  } else if (process.live) {
    process.kill_at = process.ending ? std::min(process.kill_at, entry.kill_at) : entry.kill_at;
    if (!process.ending) {
      process.ending = entry.written;
      if (entry.yields) process.ending->when -= script_->hold;
    }
    process.yields = entry.yields;
    process.ordered_run = process.run;
    process.parked = unborn;
  }
  process.immediate = !process.held && (!process.live || process.ending);
  if (process.immediate) process.in_row = 0;
}

void Oracle::apply_backoff(const Entry& entry) {
  Process& process = processes_[entry.process];
  const Boxed<Backoff>& own = script_->task.processes[entry.process].backoff;
  const Boxed<Backoff>& backoff = own ? own : script_->task.backoff;
  process.backoff = 0;
  if (!backoff) return;
  const bool killed = entry.process_state == ProcessState::Killed && !entry.by_order;
  if (entry.process_state == ProcessState::Success || process.immediate) {
    process.in_row = 0;
  } else if (killed || entry.process_state == ProcessState::Failed) {
    const bool lasted = backoff->reset && process.started &&
                        entry.happened.when - process.started->when >= *backoff->reset;
    process.in_row = lasted ? 1 : process.in_row + 1;
    Microseconds wait = backoff->first;
    for (std::uint32_t n = 1; n < process.in_row && wait < backoff->most; ++n) {
      wait *= static_cast<Microseconds>(backoff->factor);
      if (backoff->factor == 1) break;
    }
    process.backoff = std::min(wait, backoff->most);
  }
}

std::optional<Microseconds> Oracle::stop_wait_over(ProcessIndex p, std::uint64_t boot) const {
  const ProcessConfig& config = script_->task.processes[p];
  const std::optional<Moment>& told = config.final ? lost_ : left_active_;
  if (!config.stop_wait || !told || told->boot != boot) return std::nullopt;
  return not_before_asked(p, *told, told->when + *config.stop_wait);
}

Microseconds Oracle::order_over(ProcessIndex p) const {
  const Process& process = processes_[p];
  if (!process.ending) return process.kill_at;
  return not_before_asked(p, *process.ending, process.kill_at);
}

// `at`, or when the time is over that it asked for after it was told to end.
Microseconds Oracle::not_before_asked(ProcessIndex p, const Moment& told, Microseconds at) const {
  const Process& process = processes_[p];
  const bool asked =
      process.asked && process.asked->boot == told.boot && process.asked->when >= told.when;
  return asked ? std::max(at, process.until) : at;
}

bool Oracle::may_order(ProcessIndex p, Verb verb) const {
  if (!started_ || task_.state != TaskState::Active || script_->task.processes[p].final)
    return false;
  return !finished(p) && (!failed(p) || verb != Verb::Stop);
}

bool Oracle::exhausted(ProcessIndex p) const {
  const std::uint32_t failures = script_->task.processes[p].max_failures;
  const std::uint32_t kills = script_->task.processes[p].max_kills;
  return (failures != 0 && processes_[p].failures >= failures) ||
         (kills != 0 && processes_[p].kills >= kills);
}

bool Oracle::finished(ProcessIndex p) const {
  const ProcessConfig& config = script_->task.processes[p];
  if (processes_[p].succeeded && !config.daemon) return true;
  return config.ephemeral && exhausted(p);
}

bool Oracle::failed(ProcessIndex p) const {
  return !script_->task.processes[p].ephemeral && exhausted(p);
}

bool Oracle::holds(const Need& need) const {
  if (need.condition == Condition::Start) return processes_[need.process].begun;
  if (need.condition == Condition::Ready) return processes_[need.process].was_ready;
  if (need.condition == Condition::End)
    return over(need.process) || processes_[need.process].revived;
  return finished(need.process);
}

bool Oracle::has_what_it_needs(ProcessIndex p) const {
  return std::all_of(script_->needs[p].begin(), script_->needs[p].end(),
                     [this](const Need& need) { return holds(need); });
}

bool Oracle::runnable(ProcessIndex p) const {
  return !processes_[p].live && !over(p) && has_what_it_needs(p);
}

bool Oracle::may_come(ProcessIndex p) const {
  if (over(p) || processes_[p].live) return true;
  return std::all_of(script_->needs[p].begin(), script_->needs[p].end(), [this](const Need& need) {
    return holds(need) || (!over(need.process) && may_come(need.process));
  });
}

std::uint32_t Oracle::live(bool final_stage) const {
  std::uint32_t count = 0;
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    if (script_->task.processes[p].final != final_stage) continue;
    if (processes_[p].live && !processes_[p].parked) ++count;
  }
  return count;
}

std::uint32_t Oracle::parked(bool final_stage) const {
  std::uint32_t count = 0;
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    if (script_->task.processes[p].final == final_stage && processes_[p].parked) ++count;
  }
  return count;
}

bool Oracle::limit_reached() const {
  std::uint32_t count = 0;
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    if (!script_->task.processes[p].final && failed(p)) ++count;
  }
  return script_->task.max_failures != 0 && count >= script_->task.max_failures;
}

bool Oracle::complete(bool final_stage) const {
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    const ProcessConfig& config = script_->task.processes[p];
    if (config.final == final_stage && !config.ephemeral && !over(p)) return false;
  }
  return true;
}

bool Oracle::deadlocked(bool final_stage) const {
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    const ProcessConfig& config = script_->task.processes[p];
    // One that is held is waited for: it may be started yet.
    if (config.final != final_stage || config.ephemeral) continue;
    if (!over(p) && may_come(p)) return false;
  }
  return !complete(final_stage);
}

std::optional<TaskState> Oracle::verdict() const {
  if (limit_reached() && (!script_->task.keep_going || complete(false))) return TaskState::Failed;
  if (complete(false)) return TaskState::Success;
  if (deadlocked(false)) return TaskState::Failed;
  return std::nullopt;
}

}  // namespace thermos::sim
