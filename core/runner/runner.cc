#include "core/runner/runner.h"

#include <algorithm>
#include <utility>

#include "core/base/times.h"

namespace thermos {
namespace {

// Between two tries at a launch that failed for want of pids, memory or descriptors.
constexpr Microseconds kFirstRetry = kSecond / 10;
constexpr Microseconds kLastRetry = 5 * kSecond;

Microseconds backoff(std::uint32_t retries) {
  Microseconds wait = kFirstRetry;
  for (std::uint32_t i = 1; i < retries && wait < kLastRetry; ++i) wait *= 2;
  return std::min(wait, kLastRetry);
}

}  // namespace

Runner::Runner(const TaskConfig& task, const Graph& graph, History history)
    : task_(task),
      history_(std::move(history)),
      regular_(task, graph, TaskPlanner::Stage::Regular),
      final_(task, graph, TaskPlanner::Stage::Final),
      flights_(task.processes.size()),
      live_at_(task.processes.size(), kNotLive) {
  slots_.reserve(task.processes.size());
  for (const ProcessConfig& process : task.processes)
    slots_.push_back(history_.intern(process.name));
}

Result<std::span<const Effect>> Runner::handle(const Event& event, Timestamp now) {
  now_ = now;
  effects_.clear();
  texts_.clear();
  error_.reset();
  if (!finished_) {
    std::visit([this](const auto& e) { on(e); }, event);
    if (!error_ && !listening_) advance();
    if (!error_) set_timer();
  }
  if (error_) {
    effects_.clear();
    return *error_;
  }
  return std::span<const Effect>(effects_);
}

// ---- events ------------------------------------------------------------------------------------

void Runner::on(const Lead& event) {
  self_ = event;
  // What happened meanwhile comes behind this, and may decide otherwise than what is known now: one
  // who went on at once could end the task over a run that a power cut took out of its stream.
  listening_ = history_.header().has_value();
  if (!history_.header()) append(event.header, true);
  restore(regular_);
  restore(final_);
  restore_deadline();
  restore_orders();
  append_task(state(), {});
  // The one before may have died between recording that the task ends and saying so to its
  // processes: say it again.
  if (state() == TaskState::Cleaning) stop_all(overrun_);
  for (const auto& [at, p] : std::set(ending_)) stop(p, false);
}

void Runner::on(const CoordinatorRecord& event) {
  const ProcessIndex p = event.process;
  ProcessStatus status = event.status;
  status.process = task_.processes[p].name;
  status.reason = keep(status.reason);
  if (status.seq < past(p).next_seq) {
    check_repeat(p, status);
    return;
  }
  if (auto waiting = history_.missing_waiting(status);
      waiting && plan_of(p).mark(p) == Planner::Mark::Runnable) {
    waiting->at = now_;
    append(*waiting, false);
    plan_of(p).set_running(p);
    add_live(p);
  }
  if (ended_by_order(p, status)) {
    status.state = ProcessState::Killed;
    status.origin = Origin::Ordered;
  }
  append(status, is_terminal(status.state));
  if (error_) return;
  if (!is_live(p)) {  // a launch that was thought to be cancelled came to life
    plan_of(p).set_running(p);
    add_live(p);
  }
  Flight& flight = flights_[p];
  flight.launched = true;
  forget_retry(p);  // it lives, whatever was said of its launch
  if (is_terminal(status.state)) {
    ended(p);
  } else if (stopping(p) && status.state == ProcessState::Forked) {
    // What was asked before there was anyone to hear it, or was never asked.
    const bool hard = flight.kill_sent || overrun_ || finalizers_over();
    flight.kill_sent = flight.terminate_sent = false;
    stop(p, hard);
    end_by_order(p);
  }
}

// A stream that belongs elsewhere, or an old copy of one, says other things of the same runs.
void Runner::check_repeat(ProcessIndex p, const ProcessStatus& status) {
  const Run* known = past(p).run(status.run);
  if (status.state != ProcessState::Forked || known == nullptr || !known->forked ||
      (known->coordinator == status.identity && known->boot == status.boot)) {
    return;
  }
  error_ = Error{ErrorCode::Corrupt, "process \"" + task_.processes[p].name + "\", run " +
                                         std::to_string(status.run) + ": its coordinator was pid " +
                                         std::to_string(known->coordinator.pid) + ", and not " +
                                         std::to_string(status.identity.pid)};
}

void Runner::on(const CoordinatorGone& event) {
  const ProcessIndex p = event.process;
  const Run* run = live_run(p, event.run);
  if (run == nullptr || flights_[p].sweeping) return;
  if (run->state == ProcessState::Waiting) {
    try_again(p);  // it died before its first word: nothing of it ever ran
  } else if (event.rebooted) {
    append_process(p, ProcessState::Lost, Origin::Reboot, "the machine restarted");
    ended(p);
  } else {
    flights_[p].sweeping = true;
    effects_.emplace_back(Sweep{p, event.run});
  }
}

void Runner::on(const Swept& event) {
  if (live_run(event.process, event.run) == nullptr || !flights_[event.process].sweeping) return;
  append_process(event.process, ProcessState::Lost, Origin::CoordinatorGone,
                 "its coordinator vanished");
  ended(event.process);
}

void Runner::on(const LaunchFailed& event) {
  const ProcessIndex p = event.process;
  const Run* run = live_run(p, event.run);
  if (run == nullptr || run->state != ProcessState::Waiting) return;
  if (event.retry) {
    flights_[p].retries = std::max(flights_[p].retries, 1U);
    try_again(p);
    return;
  }
  append_process(p, ProcessState::Failed, Origin::Recorded, keep(event.reason));
  ended(p);
}

void Runner::on(const LaunchCancelled& event) {
  const Run* run = live_run(event.process, event.run);
  if (run != nullptr && run->state == ProcessState::Waiting) cancel(event.process);
}

void Runner::on(const TimerDue& /*event*/) {
  timer_.reset();  // what is due is found by advance(); the shell's timer is spent
  listening_ = false;
}

void Runner::on(const KillAsked& event) {
  const TaskState goal = event.lose ? TaskState::Lost : TaskState::Killed;
  const Microseconds wait = event.wait.value_or(event.lose ? 0 : task_.finalization_wait);
  if (state() == TaskState::Active) {
    leave_active(goal, wait, keep(event.reason));
    return;
  }
  // The stages go on; the deadline only ever comes nearer.
  const Timestamp asked = later(now_, wait);
  if (!deadline_ || asked.boot < deadline_->boot) deadline_ = asked;
  if (goal_ != TaskState::Lost) goal_ = goal;
  append_task(state(), keep(event.reason));
}

// ---- taking over -------------------------------------------------------------------------------

void Runner::restore(TaskPlanner& plan) {
  // In the order in which processes become free to run, so that each finds its dependencies
  // finished, as they were when it ran.
  std::vector<ProcessIndex> untouched;
  std::vector<bool> restored(task_.processes.size());
  while (const auto next = plan.pop_ready(now_.boot)) {
    const ProcessIndex p = *next;
    const ProcessHistory& history = past(p);
    const Run* run = history.current();
    if (run == nullptr || restored[p]) {  // never ran, or ran and is free to run again
      untouched.push_back(p);
      continue;
    }
    restored[p] = true;
    std::uint64_t successes = history.totals.success;
    std::uint64_t failures = history.totals.failed;
    std::uint64_t others = history.totals.killed + history.totals.lost;
    if (run->state == ProcessState::Success) --successes;
    if (run->state == ProcessState::Failed) --failures;
    if (run->state == ProcessState::Killed || run->state == ProcessState::Lost) --others;
    plan.restore_totals(p, successes, failures, others);
    plan.set_running(p);
    if (history.live()) {
      add_live(p);
      flights_[p].launched = true;
    } else {
      ended(p);
    }
  }
  for (auto it = untouched.rbegin(); it != untouched.rend(); ++it) plan.put_back(*it);
}

void Runner::restore_deadline() {
  if (state() == TaskState::Active) return;
  const TaskStatus& last = history_.steps().back().status;
  goal_ = last.goal;
  if (last.boot == self_.boot) {
    // This clock goes back in another time namespace only, and makes nothing wait longer there.
    const Microseconds allowance = std::max<Microseconds>(0, last.deadline.boot - last.at.boot);
    deadline_ = last.deadline;
    if (deadline_->boot - now_.boot > allowance) deadline_ = later(now_, allowance);
  } else {
    // Another boot's clock says nothing here, and the wall clock may have been set: what is left is
    // at most what was left when it was written down.
    const Microseconds allowance = std::max<Microseconds>(0, last.deadline.wall - last.at.wall);
    deadline_ = later(now_, std::clamp<Microseconds>(last.deadline.wall - now_.wall, 0, allowance));
  }
  overrun_ = now_.boot >= deadline_->boot;
}

Microseconds Runner::boot_time_of_end(ProcessIndex p) const {
  const ProcessHistory& history = past(p);
  if (!history.last_end) return now_.boot;
  if (history.last_boot == self_.boot) return std::min(history.last_end->boot, now_.boot);
  // It ended under another boot. Whatever the wall clock did since, it waits no longer than its
  // min_duration from now.
  const Microseconds since = now_.wall - history.last_end->wall;
  return now_.boot - std::clamp<Microseconds>(since, 0, task_.processes[p].min_duration);
}

// ---- going on ----------------------------------------------------------------------------------

void Runner::advance() {
  kill_overdue();
  TaskState before;
  do {
    before = state();
    switch (before) {
      case TaskState::Active:
        advance_active();
        break;
      case TaskState::Cleaning:
        advance_cleaning();
        break;
      case TaskState::Finalizing:
        advance_finalizing();
        break;
      case TaskState::Success:
      case TaskState::Failed:
      case TaskState::Killed:
      case TaskState::Lost:
        break;
    }
  } while (!error_ && state() != before);
}

void Runner::advance_active() {
  if (task_.max_failures != 0 && regular_.failed() >= task_.max_failures) {
    leave_active(TaskState::Failed, task_.finalization_wait, "its failure limit is reached");
  } else if (regular_.complete()) {
    leave_active(TaskState::Success, task_.finalization_wait, {});
  } else if (regular_.deadlocked()) {
    leave_active(TaskState::Failed, task_.finalization_wait, "nothing can run any more");
  } else {
    retry_launches();
    schedule(regular_);
  }
}

void Runner::advance_cleaning() {
  if (over_deadline()) stop_all(true);
  if (!live_.empty()) return;
  if (overrun_ || goal_ == TaskState::Lost) {
    finish();
  } else {
    append_task(TaskState::Finalizing, {});
  }
}

void Runner::advance_finalizing() {
  if (over_deadline() || finalizers_over()) {
    stop_all(true);  // of finalizers that are over only ephemerals are left
  } else if (goal_ == TaskState::Lost) {
    stop_all(false);
  } else {
    retry_launches();
    schedule(final_);
    return;
  }
  if (live_.empty()) finish();
}

void Runner::schedule(TaskPlanner& plan) {
  while (!error_ && (task_.max_concurrency == 0 || plan.running() < task_.max_concurrency)) {
    const auto p = plan.pop_ready(now_.boot);
    if (!p) return;
    start(*p);
  }
}

void Runner::start(ProcessIndex p) {
  plan_of(p).set_running(p);
  // A run whose launch an order called off goes on where it stood.
  if (!past(p).live()) append_process(p, ProcessState::Waiting, Origin::Recorded, {});
  add_live(p);
  flights_[p] = Flight{};
  flights_[p].launched = true;
  const Run& run = *past(p).current();
  effects_.emplace_back(StartProcess{p, run.number, run.seq + 1});
}

void Runner::try_again(ProcessIndex p) {
  Flight& flight = flights_[p];
  flight.launched = false;
  if (stopping(p)) {
    cancel(p);
    return;
  }
  // The first time at once: at a resume it is the ordinary case. Then ever more slowly.
  forget_retry(p);
  flight.retry_at = flight.retries == 0 ? now_.boot : now_.boot + backoff(flight.retries);
  retrying_.emplace(*flight.retry_at, p);
}

void Runner::retry_launches() {
  while (!retrying_.empty() && retrying_.begin()->first <= now_.boot) {
    const ProcessIndex p = retrying_.begin()->second;
    forget_retry(p);
    Flight& flight = flights_[p];
    flight.launched = true;
    ++flight.retries;
    const Run& run = *past(p).current();
    effects_.emplace_back(StartProcess{p, run.number, run.seq + 1});
  }
}

void Runner::forget_retry(ProcessIndex p) {
  Flight& flight = flights_[p];
  if (!flight.retry_at) return;
  retrying_.erase({*flight.retry_at, p});
  flight.retry_at.reset();
}

void Runner::cancel(ProcessIndex p) {
  plan_of(p).cancel(p);
  remove_live(p);
}

void Runner::ended(ProcessIndex p) {
  const Microseconds end = boot_time_of_end(p);
  TaskPlanner& plan = plan_of(p);
  switch (past(p).current()->state) {
    case ProcessState::Success:
      plan.add_success(p, end);
      break;
    case ProcessState::Failed:
      plan.add_failure(p, end);
      break;
    case ProcessState::Killed:
    case ProcessState::Lost:
    case ProcessState::Waiting:
    case ProcessState::Forked:
    case ProcessState::Running:
      plan.add_lost(p, end);
      break;
  }
  if (past(p).immediate == past(p).next_run) plan.waive_backoff(p);
  remove_live(p);
}

// ---- ending ------------------------------------------------------------------------------------

void Runner::leave_active(TaskState goal, Microseconds wait, std::string_view reason) {
  goal_ = goal;
  deadline_ = later(now_, wait);
  append_task(TaskState::Cleaning, reason);
  if (!over_deadline()) stop_all(false);
}

bool Runner::over_deadline() {
  if (deadline_ && now_.boot >= deadline_->boot) overrun_ = true;
  return overrun_;
}

void Runner::stop_all(bool hard) {
  // Asked for at every event of an end under way: to go through all each time would take as many
  // steps as there are pairs of them.
  const Told told = hard ? Told::Kill : Told::Terminate;
  if (told_ >= told) return;
  told_ = told;
  for (const ProcessIndex p : std::vector<ProcessIndex>(live_)) stop(p, hard);
}

void Runner::stop(ProcessIndex p, bool hard) {
  Flight& flight = flights_[p];
  if (!flight.launched) {
    if (!flight.sweeping) cancel(p);
    return;
  }
  if (flight.sweeping || flight.kill_sent) return;
  const std::uint32_t run = past(p).current()->number;
  if (hard) {
    flight.kill_sent = true;
    effects_.emplace_back(Kill{p, run});
  } else if (!flight.terminate_sent) {
    flight.terminate_sent = true;
    effects_.emplace_back(Terminate{p, run});
  }
}

bool Runner::finalizers_over() const {
  return state() == TaskState::Finalizing && goal_ != TaskState::Lost &&
         (final_.complete() || final_.deadlocked());
}

bool Runner::stopping(ProcessIndex p) const {
  switch (state()) {
    case TaskState::Active:
      return past(p).held || past(p).ending.has_value();
    case TaskState::Finalizing:
      return overrun_ || goal_ == TaskState::Lost || regular_.has(p) || finalizers_over();
    default:
      return true;
  }
}

void Runner::finish() {
  append_task(goal_, {});
  finished_ = true;
  effects_.emplace_back(Finish{goal_});
}

void Runner::set_timer() {
  std::optional<Microseconds> at;
  const auto sooner = [&at](std::optional<Microseconds> other) {
    if (other && (!at || *other < *at)) at = other;
  };
  if (listening_) {
    at = now_.boot;
  } else if (!finished_) {
    if (deadline_ && !overrun_) sooner(deadline_->boot);
    if (!retrying_.empty()) sooner(retrying_.begin()->first);
    if (!ending_.empty()) sooner(ending_.begin()->first);
    TaskPlanner* plan = state() == TaskState::Active       ? &regular_
                        : state() == TaskState::Finalizing ? &final_
                                                           : nullptr;
    if (plan != nullptr && !overrun_ &&
        (task_.max_concurrency == 0 || plan->running() < task_.max_concurrency)) {
      sooner(plan->next_ready_at(now_.boot));
    }
  }
  if (at == timer_ || (listening_ && timer_)) return;
  timer_ = at;
  effects_.emplace_back(SetTimer{at});
}

// ---- records -----------------------------------------------------------------------------------

void Runner::append(const Record& record, bool durable) {
  auto outcome = history_.apply(record);
  if (!outcome) {
    error_ = outcome.error();
    return;
  }
  if (*outcome == History::Outcome::Repeat) return;
  effects_.emplace_back(Append{record, durable});
}

void Runner::append_process(ProcessIndex p, ProcessState state, Origin origin,
                            std::string_view reason) {
  ProcessStatus status;
  status.process = task_.processes[p].name;
  status.seq = past(p).next_seq;
  status.run = starts_run(state) ? past(p).next_run : past(p).current()->number;
  status.state = state;
  status.origin = origin;
  status.at = now_;
  if (is_terminal(state)) status.boot = self_.boot;
  status.reason = reason;
  append(status, is_terminal(state));
}

void Runner::append_task(TaskState state, std::string_view reason) {
  TaskStatus status;
  status.state = state;
  status.at = now_;
  status.runner_pid = self_.pid;
  status.runner_uid = self_.uid;
  status.boot = self_.boot;
  status.goal = goal_;
  // The boot clock holds; its wall time is as the wall clock stands now, for another boot to go by.
  if (deadline_) status.deadline = later(now_, deadline_->boot - now_.boot);
  status.reason = reason;
  // An end under way must not be taken back by a power cut: someone may have been told of it, its
  // deadline stands, and no process is started behind it that the record doesn't know.
  append(status, state != TaskState::Active);
}

std::string_view Runner::keep(std::string_view text) {
  return text.empty() ? std::string_view{} : std::string_view(texts_.emplace_back(text));
}

// ---- small things ------------------------------------------------------------------------------

const Run* Runner::live_run(ProcessIndex p, std::uint32_t number) const {
  if (!is_live(p) || !past(p).live()) return nullptr;
  const Run* run = past(p).current();
  return run->number == number ? run : nullptr;
}

void Runner::add_live(ProcessIndex p) {
  if (is_live(p)) return;
  told_ = Told::Nothing;
  live_at_[p] = static_cast<std::uint32_t>(live_.size());
  live_.push_back(p);
}

void Runner::remove_live(ProcessIndex p) {
  forget_retry(p);
  forget_ending(p);
  flights_[p] = Flight{};
  const std::uint32_t at = live_at_[p];
  if (at == kNotLive) return;
  live_[at] = live_.back();
  live_at_[live_[at]] = at;
  live_.pop_back();
  live_at_[p] = kNotLive;
}

Runner::Counts Runner::counts(Timestamp now) {
  TaskPlanner& plan = state() == TaskState::Finalizing ? final_ : regular_;
  Counts counts;
  counts.running = plan.running();
  counts.done = plan.finished();
  counts.failed = plan.failed();
  counts.waiting = plan.runnable();
  counts.blocked = plan.size() - counts.running - counts.done - counts.failed - counts.waiting;
  if (!plan.has_ready(now.boot)) counts.next_start = plan.next_ready_at(now.boot);
  return counts;
}

}  // namespace thermos
