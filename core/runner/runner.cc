#include "core/runner/runner.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/times.h"
#include "core/runner/backoff.h"
#include "core/runner/order.h"
#include "core/runner/times_at_resume.h"

namespace thermos {

Runner::Runner(const TaskConfig& task, const Graph& graph, History history, PoolAccess access)
    : task_(task),
      history_(std::move(history)),
      regular_(task, graph, TaskPlanner::Stage::Regular, access),
      final_(task, graph, TaskPlanner::Stage::Final, std::move(access)),
      launches_(task.processes.size()),
      timeouts_(task),
      readiness_(task),
      health_(task),
      placement_(task) {
  slots_.reserve(task.processes.size());
  by_name_.reserve(task.processes.size());
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    slots_.push_back(history_.intern(task.processes[p].name));
    by_name_.add(task.processes[p].name, p);
  }
}

Result<std::span<const Effect>> Runner::handle(const Event& event, Timestamp now) {
  now_ = now;
  effects_.clear();
  texts_.clear();
  error_.reset();
  // A request to a runner that has stood down is for the next leader, and must not be lost.
  const bool asked =
      std::holds_alternative<KillRequest>(event) || std::holds_alternative<OrderRequest>(event);
  if (!finished_ || (asked && !is_terminal(state()))) {
    std::visit([this](const auto& e) { on(e); }, event);
    if (!error_ && !listening_ && !finished_) advance();
    if (!error_ && placement_.waiting() > 0) place();
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
  self_.replacement.reset();
  if (self_.place.until != 0) {
    time_until_ = add_saturated(now_.boot, self_.place.until - now_.wall);
  }
  // What happened meanwhile comes in later events, and may lead to other decisions than what is
  // known now: a runner that went on at once could end the task over a run that a power cut took
  // out of its stream.
  listening_ = history_.header().has_value();
  if (!history_.header()) append(event.header, true);
  if (event.replacement) append(*event.replacement, true);
  refuse_cut_off();
  if (error_) return;
  restore_places();
  restore(regular_);
  restore(final_);
  restore_deadline();
  restore_orders();
  if (!event.leads_already) {
    record_place();
    append_task(state(), {});
  }
  // The previous leader may have died between calling a node gone and calling its runs LOST.
  const std::vector<NodeChange> gone = history_.gone_nodes();
  for (const NodeChange& node : gone) on(NodeGone{node.node, node.reason});
  // The shortage on record is the previous leader's. Whether the machine still has it, the first
  // launch tells.
  if (const auto& shortage = history_.shortage()) {
    on(ShortageChanged{shortage->status.shortage, true, {}});
  }
  // The previous leader may have died between recording that the task ends and saying so to its
  // processes: say it again.
  if (state() == TaskState::Cleaning) stop_all(overrun_);
  for (const ProcessIndex p : launches_.with_kill()) stop(p, false);
}

void Runner::on(const CoordinatorRecord& event) {
  const ProcessIndex p = event.process;
  ProcessStatus status = event.status;
  status.process = task_.processes[p].name;
  if (status.seq < past(p).next_seq) {
    check_repeat(p, status);
    return;
  }
  if (status.seq > past(p).next_seq) restore_waiting(p, status);
  if (!event.node.empty()) restore_place(p, event.node);
  if (!hold_back(p, status)) take_record(p, status);
}

// Acts on a new record of a run, which is in `state` by it.
void Runner::heard_of(ProcessIndex p, ProcessState state) {
  if (!launches_.of(p).launched()) {  // whatever was said of its launch
    if (!launches_.is_live(p)) plan_of(p).set_running(p);
    take(p, LaunchEvent::Found);
  }
  if (is_terminal(state)) {
    ended(p);
    return;
  }
  if (state == ProcessState::Running) plan_of(p).set_started(p);
  watch(p);
  if (state == ProcessState::Forked && stopping(p)) {
    // The run was told to end before it had a coordinator to hear it, or was never told.
    const bool hard =
        launches_.of(p).state() == LaunchState::Killing || overrun_ || finalizers_over();
    take(p, LaunchEvent::Forked);
    if (yield_by_) yield(p);
    stop(p, hard);
    end_by_order(p);
  }
}

// Appends the WAITING that a power cut took out of the runner's stream while it left the
// coordinator's FORKED.
void Runner::restore_waiting(ProcessIndex p, const ProcessStatus& forked) {
  const auto waiting = history_.missing_waiting(forked);
  if (!waiting || plan_of(p).mark(p) != Planner::Mark::Runnable) return;
  append(*waiting, false);
  plan_of(p).set_running(p);
  take(p, LaunchEvent::Found);
}

// Fails if a repeated record contradicts the history: the stream belongs elsewhere, or is an old
// copy.
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
  if (run == nullptr || launches_.of(p).state() == LaunchState::Sweeping || held_back(p)) return;
  if (run->state == ProcessState::Waiting) {
    launch_came_to_nothing(p, LaunchEvent::Died);
  } else if (event.rebooted) {
    append_process(p, ProcessState::Lost, Origin::Reboot,
                   self_.elsewhere.empty() ? "the machine restarted" : keep(self_.elsewhere));
    ended(p);
  } else {
    take(p, LaunchEvent::Vanished);
  }
}

void Runner::on(const Swept& event) {
  const ProcessIndex p = event.process;
  if (live_run(p, event.run) == nullptr || held_back(p)) return;
  if (launches_.of(p).state() != LaunchState::Sweeping) return;
  append_process(p, ProcessState::Lost, Origin::CoordinatorGone, "its coordinator vanished");
  ended(p);
}

void Runner::on(const LaunchFailed& event) {
  const ProcessIndex p = event.process;
  const Run* run = live_run(p, event.run);
  if (run == nullptr || run->state != ProcessState::Waiting) return;
  if (event.retry) {
    launch_came_to_nothing(p, LaunchEvent::Short);
    return;
  }
  append_process(p, ProcessState::Failed, Origin::Recorded, keep(event.reason));
  ended(p);
}

void Runner::on(const ShortageChanged& event) {
  TaskStatus status = task_status(state(), keep(event.reason));
  status.shortage = event.shortage;
  status.shortage_over = event.over;
  append(status, true);
}

void Runner::on(const LaunchCancelled& event) {
  const Run* run = live_run(event.process, event.run);
  if (run != nullptr && run->state == ProcessState::Waiting) cancel(event.process);
}

// Runs whose time is over are ended here, and not at any event: behind what a coordinator wrote
// there may be more that is read in this turn, by which a run asks for more time.
void Runner::on(const TimerDue& /*event*/) {
  timer_.reset();  // what else is due is found by advance(); the shell's timer is spent
  listening_ = false;
  take_held_back(now_.boot);
  if (timeouts_.any()) end_overdue();
  // Fails the runs that are not ready in time.
  while (const auto p = readiness_.pop_overdue(now_.boot)) {
    if (!gone(*p) && !is_ending(*p)) fail(*p, keep(readiness_.complaint()));
  }
  kill_overdue();
}

void Runner::on(const KillRequest& event) {
  take_held_back(kAll);
  const TaskState goal = event.lose ? TaskState::Lost : TaskState::Killed;
  const Microseconds wait = event.wait.value_or(event.lose ? 0 : task_.finalization_wait);
  if (yield_by_) launches_.tell_again();  // the end of the task may give them less time
  if (state() == TaskState::Active) {
    leave_active(goal, wait, keep(event.reason));
  } else {
    // The stages go on; the deadline only ever comes nearer.
    const Timestamp asked = later(now_, wait);
    if (asked.boot < deadline_->boot) deadline_ = asked;
    if (goal_ != TaskState::Lost) goal_ = goal;
    append_task(state(), keep(event.reason));
    if (yield_by_) stop_all(false);
  }
  kill_overdue();
}

void Runner::on(const OrderRequest& event) {
  take_held_back(kAll);
  if (!may_order(event.process, event.verb)) return;
  const ProcessIndex p = *find(event.process);
  const Microseconds wait = event.wait.value_or(stop_wait_of(task_, p));
  std::optional<ProcessOrder> order = order_to_record(
      past(p), launches_.of(p), event.verb, now_, wait, regular_.mark(p) == Planner::Mark::Failed);
  if (!order) return;
  order->reason = keep(event.reason);
  append(*order, true);
  if (error_) return;
  tell_plan(p, order->verb);
  end_by_order(p);
  kill_overdue();
}

Status Runner::may_order(const std::string& process, Verb verb) const {
  const auto p = find(process);
  if (!p) {
    return Error{ErrorCode::NotFound,
                 "task " + history_.header()->task_id + " has no process " + process};
  }
  if (regular_.mark(*p) == Planner::Mark::Failed && !regular_.may_revive(*p)) {
    return Error{ErrorCode::Usage, process + " has run as often as it can: no number is left"};
  }
  return order_allowed(task_.processes[*p], state(), regular_.mark(*p), verb);
}

std::optional<ProcessIndex> Runner::find(std::string_view name) const {
  return by_name_.find(
      name, [this](ProcessIndex p) { return std::string_view(task_.processes[p].name); });
}

// ---- going on ----------------------------------------------------------------------------------

void Runner::advance() {
  if (readiness_.any()) ask_the_unready();
  if (health_.any()) ask_the_healthy();
  if (yield_by_) return advance_yielding();
  TaskState before;
  do {
    before = state();
    if (before == TaskState::Active) advance_active();
    if (before == TaskState::Cleaning) advance_cleaning();
    if (before == TaskState::Finalizing) advance_finalizing();
  } while (!error_ && state() != before);
}

void Runner::advance_active() {
  const bool failed = task_.max_failures != 0 && regular_.failed() >= task_.max_failures;
  const bool complete = regular_.complete();
  if (failed && (complete || !task_.keep_going)) {
    leave_active(TaskState::Failed, task_.finalization_wait, "its failure limit is reached");
  } else if (complete) {
    leave_active(TaskState::Success, task_.finalization_wait, {});
  } else if (regular_.deadlocked()) {
    leave_active(TaskState::Failed, task_.finalization_wait, "nothing can run any more");
  } else {
    if (launches_.any_retry()) retry_launches();
    schedule(regular_);
    if (untimely_ > 0) yield_for_lack_of_time();
  }
}

void Runner::advance_cleaning() {
  if (over_deadline()) stop_all(true);
  if (launches_.any_live()) return;
  if (overrun_ || goal_ == TaskState::Lost) {
    finish();
  } else {
    append_task(TaskState::Finalizing, {});
  }
}

void Runner::advance_finalizing() {
  if (over_deadline() || finalizers_over()) {
    final_.close();
    stop_all(true);  // if the finalizers are over, only ephemerals are left
  } else if (goal_ == TaskState::Lost) {
    final_.close();
    stop_all(false);
  } else {
    if (launches_.any_retry()) retry_launches();
    schedule(final_);
    return;
  }
  if (!launches_.any_live()) finish();
}

void Runner::schedule(TaskPlanner& plan) {
  while (!error_) {
    const auto p = plan.pop_ready(now_.boot);
    if (!p) return;
    if (lacks_time(*p)) {
      plan.hold(*p);  // the next leader may have the time
      ++untimely_;
    } else {
      start(*p);
    }
  }
}

void Runner::start(ProcessIndex p) {
  plan_of(p).set_running(p);
  // A run whose launch an order called off goes on where it stood.
  if (!past(p).live()) append_process(p, ProcessState::Waiting, Origin::Recorded, {});
  watch_launch(p);
  take(p, LaunchEvent::Start);
}

// Flattened, as gcc takes Launches::take() for too large to be inlined.
[[gnu::flatten]] void Runner::take(ProcessIndex p, LaunchEvent event) {
  const std::optional<LaunchAct> act = launches_.take(p, event, now_.boot);
  if (!act) return refuse(p, event);  // GCOVR_EXCL_BR_LINE: see refuse()
  switch (*act) {
    case LaunchAct::None:
    case LaunchAct::AwaitRetry:
      return;
    case LaunchAct::Start:
      launch(p);
      return;
    case LaunchAct::Terminate:
      if (call_off_unplaced(p)) return;
      effects_.emplace_back(Terminate{p, past(p).current()->number, signal_to_end(p)});
      return;
    case LaunchAct::Kill:
      if (call_off_unplaced(p)) return;
      effects_.emplace_back(Kill{p, past(p).current()->number});
      return;
    case LaunchAct::Sweep:
      effects_.emplace_back(Sweep{p, past(p).current()->number});
      return;
    case LaunchAct::CallOff:
      plan_of(p).cancel(p);
      forget(p);
      placement_.release(p);
      return;
  }
}

// GCOVR_EXCL_START: no sequence of events leads here. If one does, its task stops and says which.
[[gnu::cold]] void Runner::refuse(ProcessIndex p, LaunchEvent event) {
  error_ = Error{ErrorCode::Corrupt,
                 "process \"" + task_.processes[p].name + "\": " + std::string(name_of(event)) +
                     " can't come while it is " + std::string(name_of(launches_.of(p).state()))};
}
// GCOVR_EXCL_STOP

void Runner::launch_came_to_nothing(ProcessIndex p, LaunchEvent event) {
  // If an order calls a launch off and another one takes its place, a resume finds both on record
  // alike.
  const bool crowded =
      (task_.max_concurrency != 0 && plan_of(p).running() > task_.max_concurrency) ||
      plan_of(p).overdrawn(p);
  if (stopping(p) || crowded) {
    cancel(p);
  } else {
    take(p, event);
  }
}

void Runner::cancel(ProcessIndex p) {
  plan_of(p).cancel(p);
  forget(p);
  placement_.release(p);
  take(p, LaunchEvent::Ended);
  if (state() != TaskState::Active || past(p).held || !past(p).ending) return;
  // The run that a restart was to end never began, so its next launch is the restart. That is
  // recorded, or a FORKED would look like the one of the launch that was told to end.
  append(
      ProcessOrder{
          task_.processes[p].name, Verb::Start, now_, {}, "the run that was to end had not begun"},
      true);
}

void Runner::ended(ProcessIndex p) {
  const Microseconds wait = wait_before_rerun(task_, p, past(p));
  const Microseconds end = boot_time_of_last_end(past(p), wait, self_.boot, now_);
  count_run(p, end, wait);
  if (past(p).immediate == past(p).next_run) plan_of(p).waive_backoff(p);
  forget(p);
  placement_.release(p);
  take(p, LaunchEvent::Ended);
}

// ---- ending ------------------------------------------------------------------------------------

void Runner::leave_active(TaskState goal, Microseconds wait, std::string_view reason) {
  goal_ = goal;
  deadline_ = later(now_, wait);
  regular_.close();
  append_task(TaskState::Cleaning, reason);
  if (!over_deadline()) stop_all(false);
}

// REQUIRES: the task has left ACTIVE.
bool Runner::over_deadline() {
  if (now_.boot >= deadline_->boot) overrun_ = true;
  return overrun_;
}

void Runner::stop_all(bool hard) {
  for (const ProcessIndex p : launches_.untold(hard)) stop(p, hard);
}

void Runner::stop(ProcessIndex p, bool hard) {
  take(p, hard ? LaunchEvent::Kill : LaunchEvent::Terminate);
  if (hard || !launches_.is_live(p)) return;
  // What an earlier leader told is for the time that was set then.
  if (!listening_ && is_out_of_reach(p)) untold_.insert(p);
  if (const auto at = kill_time(p)) launches_.kill_at(p, *at);
}

void Runner::tell_plan(ProcessIndex p, Verb verb) {
  TaskPlanner& plan = plan_of(p);
  if (verb == Verb::Stop) {
    plan.hold(p);
    return;
  }
  plan.release(p);
  if (plan.mark(p) == Planner::Mark::Failed) plan.revive(p);
  if (!launches_.is_live(p)) plan.waive_backoff(p);
  launches_.retry_now(p, now_.boot);
}

// If an order ends the run of `p`, does what has not been done for that yet.
void Runner::end_by_order(ProcessIndex p) {
  if (past(p).ending && launches_.is_live(p)) stop(p, false);
}

// Kills the runs whose time to end is over, each of them once: a kill that was sent before there
// was a coordinator to hear it is sent again behind FORKED.
void Runner::kill_overdue() {
  while (const auto p = launches_.pop_kill(now_.boot)) {
    if (!untold_.contains(*p)) stop(*p, true);
  }
}

bool Runner::finalizers_over() const {
  return state() == TaskState::Finalizing && goal_ != TaskState::Lost &&
         (final_.complete() || final_.deadlocked());
}

bool Runner::is_ending(ProcessIndex p) const {
  return stopping(p) || past(p).ending.has_value();
}

bool Runner::stopping(ProcessIndex p) const {
  if (yield_by_) return true;
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
    if (yield_by_ && *yield_by_ > now_.boot) sooner(yield_by_);
    if (!held_back_.empty()) sooner(held_back_.front().until);
    sooner(launches_.next_due());
    sooner(timeouts_.next());
    sooner(readiness_.next_due());
    sooner(health_.next_due());
    TaskPlanner* plan = state() == TaskState::Active       ? &regular_
                        : state() == TaskState::Finalizing ? &final_
                                                           : nullptr;
    if (plan != nullptr && !overrun_ && !yield_by_ && plan->has_room()) {
      sooner(plan->next_ready_at(now_.boot));
    }
  }
  if (at) at = std::max(*at, now_.boot);
  if (at == timer_ || (listening_ && timer_)) return;
  timer_ = at;
  effects_.emplace_back(SetTimer{at});
}

// ---- records -----------------------------------------------------------------------------------

// Returns whether a record of that state must be on the disk before anything that depends on it
// starts.
bool Runner::durable(ProcessIndex p, ProcessState state) {
  return is_terminal(state) || (state == ProcessState::Running && plan_of(p).start_awaited(p));
}

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
  const bool starts = starts_run(state);
  const Run* current = past(p).current();
  assert(starts || current != nullptr);
  status.run = starts ? past(p).next_run : current->number;
  status.state = state;
  status.origin = origin;
  status.at = now_;
  if (is_terminal(state)) status.boot = self_.boot;
  status.reason = reason;
  count_failures(p, status);
  append(status, is_terminal(state));
}

TaskStatus Runner::task_status(TaskState state, std::string_view reason) const {
  TaskStatus status;
  status.state = state;
  status.at = now_;
  status.runner_pid = self_.pid;
  status.runner_uid = self_.uid;
  status.boot = self_.boot;
  status.goal = goal_;
  // The deadline is by the boot clock; its wall time is by the wall clock of now, for another boot
  // to go by.
  if (deadline_) status.deadline = later(now_, deadline_->boot - now_.boot);
  status.reason = reason;
  return status;
}

void Runner::append_task(TaskState state, std::string_view reason) {
  // An end under way must not be taken back by a power cut: someone may have been told of it, its
  // deadline stands, and no process is started behind it that the record doesn't know.
  append(task_status(state, reason), state != TaskState::Active);
}

std::string_view Runner::keep(std::string_view text) {
  return text.empty() ? std::string_view{} : std::string_view(texts_.emplace_back(text));
}

// ---- small things ------------------------------------------------------------------------------

const Run* Runner::live_run(ProcessIndex p, std::uint32_t number) const {
  if (!launches_.is_live(p)) return nullptr;
  const Run* run = past(p).current();
  return run->number == number ? run : nullptr;
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
