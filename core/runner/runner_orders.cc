// Orders for single processes: what a user wants of one, whatever the plan says.
#include "core/base/times.h"
#include "core/runner/runner.h"

namespace thermos {

Status Runner::may_order(ProcessIndex p) const {
  const std::string& name = task_.processes[p].name;
  if (state() != TaskState::Active) return Error{ErrorCode::Usage, "the task is ending"};
  if (final_.has(p)) {
    return Error{ErrorCode::Usage, name + " is a finalizer: it runs when the task ends"};
  }
  const Planner::Mark mark = regular_.mark(p);
  if (mark == Planner::Mark::Finished) return Error{ErrorCode::Usage, name + " has finished"};
  if (mark == Planner::Mark::Failed) {
    return Error{ErrorCode::Usage, name + " has failed as often as it may"};
  }
  return Done{};
}

// If its run is to end by an order: what has not been done for that yet.
void Runner::end_by_order(ProcessIndex p) {
  if (!past(p).ending || !is_live(p)) return;
  await_end(p);
  stop(p, false);
}

// REQUIRES: its run is to end by an order.
void Runner::await_end(ProcessIndex p) {
  forget_ending(p);
  flights_[p].kill_at = past(p).ending->deadline.boot;
  ending_.emplace(*flights_[p].kill_at, p);
}

void Runner::forget_ending(ProcessIndex p) {
  Flight& flight = flights_[p];
  if (!flight.kill_at) return;
  ending_.erase({*flight.kill_at, p});
  flight.kill_at.reset();
}

// Once: a kill that was sent before there was anyone to hear it is sent again behind FORKED.
void Runner::kill_overdue() {
  while (!ending_.empty() && ending_.begin()->first <= now_.boot) {
    const ProcessIndex p = ending_.begin()->second;
    forget_ending(p);
    stop(p, true);
  }
}

// A run that an order ends has not failed and not succeeded, whatever exit code it had left to
// give; unless it was over before.
bool Runner::ended_by_order(ProcessIndex p, const ProcessStatus& status) const {
  const std::optional<StopOrder>& ending = past(p).ending;
  return is_terminal(status.state) && ending && ending->run == status.run &&
         status.at.boot >= ending->at.boot;
}

void Runner::on(const Ordered& event) {
  const ProcessIndex p = event.process;
  if (!may_order(p)) return;
  const ProcessHistory& before = past(p);
  const bool unborn = before.live() && before.current()->state == ProcessState::Waiting;
  const bool under_way = before.live() && !(unborn && !flights_[p].launched);
  Verb verb = event.verb;
  if (verb == Verb::Restart && unborn && !flights_[p].terminate_sent) verb = Verb::Start;
  // It was told to end before it was there to hear it: that can't be taken back.
  if (verb == Verb::Start && unborn && flights_[p].terminate_sent) verb = Verb::Restart;
  ProcessOrder order;
  order.process = task_.processes[p].name;
  order.verb = verb;
  order.at = now_;
  if (verb != Verb::Start)
    order.deadline = later(now_, event.wait.value_or(task_.finalization_wait));
  // What is so already needs no record, and no second SIGTERM.
  const bool sooner = before.ending && order.deadline.boot < before.ending->deadline.boot;
  const bool same = verb == Verb::Stop ? before.held && !(under_way && sooner)
                    : before.held      ? false
                    : !under_way       ? !before.live() && before.immediate == before.next_run
                                       : verb == Verb::Start || (before.ending && !sooner);
  if (same) return;
  order.reason = keep(event.reason);
  append(order, true);
  if (error_) return;
  TaskPlanner& plan = plan_of(p);
  if (verb == Verb::Stop) {
    plan.hold(p);
  } else {
    plan.release(p);
    if (!is_live(p)) plan.waive_backoff(p);
    if (flights_[p].retry_at) {
      forget_retry(p);
      flights_[p].retry_at = now_.boot;
      retrying_.emplace(now_.boot, p);
    }
  }
  end_by_order(p);
}

void Runner::restore_orders() {
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    if (past(p).held) plan_of(p).hold(p);
    if (past(p).immediate == past(p).next_run && !past(p).live()) plan_of(p).waive_backoff(p);
    if (past(p).ending && is_live(p)) await_end(p);
  }
}

}  // namespace thermos
