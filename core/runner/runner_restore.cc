// How a runner restores its state from the history that the previous runner left.
#include <cstddef>

#include "core/runner/runner.h"
#include "core/runner/runs_counted.h"
#include "core/runner/times_at_resume.h"

namespace thermos {

// Fails if a compacted stream was cut off behind a summary: nobody knows what came of the run
// behind it, or whether that run goes on.
void Runner::refuse_cut_off() {
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    if (!past(p).begun() || past(p).current() != nullptr) continue;
    error_ = Error{ErrorCode::Corrupt,
                   "process \"" + task_.processes[p].name +
                       "\": the record ends behind the summary of its runs, without the last of "
                       "them; put a whole record back, or give another --task-id"};
    return;
  }
}

void Runner::restore(TaskPlanner& plan) {
  // The processes are restored in the order in which they become free to run, so that each finds
  // its dependencies finished, as they were when it ran.
  std::vector<ProcessIndex> untouched;
  std::vector<bool> restored(task_.processes.size());
  while (const auto p = plan.pop_any(now_.boot)) {
    if (!past(*p).begun() || restored[*p]) {  // never ran, or is free to run again
      untouched.push_back(*p);
    } else {
      restored[*p] = true;
      restore_process(plan, *p);
    }
  }
  const bool continues = !history_.header()->continues.empty();
  if (history_.generation() > 0 || continues) restore_behind(plan, restored);
  for (auto it = untouched.rbegin(); it != untouched.rend(); ++it) plan.put_back(*it);
}

// Restores the processes that restore() did not reach. The configuration may hold back what ran
// under an earlier one, and a process that it defines anew has used up run numbers. A success that
// was taken over may wait for a service that is yet to start.
void Runner::restore_behind(TaskPlanner& plan, const std::vector<bool>& restored) {
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    if (!plan.has(p) || restored[p]) continue;
    if (past(p).begun()) {
      restore_process(plan, p);
    } else {
      plan.restore_totals(p, 0, 0, past(p).next_run);
    }
  }
}

void Runner::restore_process(TaskPlanner& plan, ProcessIndex p) {
  const RunsBefore before = runs_before_current(past(p));
  plan.restore_totals(p, before.successes, before.failures, before.others, before.kills);
  plan.set_running(p);
  if (past(p).forgiven.runs > past(p).redefined) plan.set_ended(p);
  if (past(p).started) plan.set_started(p);
  if (past(p).was_ready) plan.set_ready(p);
  if (past(p).live()) {
    take(p, LaunchEvent::Found);
    restore_clock(p);
    watch(p);
  } else {
    ended(p);
  }
}

// A run of another boot on this machine is gone, and its times mean nothing. A run on a node goes
// on, and its limits with it.
void Runner::restore_clock(ProcessIndex p) {
  const Run& run = *past(p).current();
  if (!run.node) return;
  const Timestamp began = run.started.value_or(run.waiting);
  OtherClock clock{run.number, boot_clock_shift(history_, began, self_.boot, now_), {}, {}, {}};
  if (clock.shift == 0) return;
  clock.started = run.started.has_value();
  if (past(p).said) clock.extended_at = past(p).said->extended_at;
  // The boot time of the request follows from the clock of the run's start: the history keeps none
  // if a leader before the last recorded the request.
  if (clock.extended_at) {
    clock.extended_at->boot = began.boot + (clock.extended_at->wall - began.wall);
  }
  if (past(p).ending) clock.ending_at = past(p).ending->at;
  other_clocks_[p] = clock;
}

void Runner::restore_deadline() {
  if (state() == TaskState::Active) return;
  regular_.close();
  const TaskStatus& last = history_.steps().back().status;
  goal_ = last.goal;
  deadline_ = deadline_at_resume(last, self_.boot, now_, history_.still_since());
  overrun_ = now_.boot >= deadline_->boot;
}

void Runner::restore_orders() {
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    if (past(p).held) plan_of(p).hold(p);
    if (past(p).immediate == past(p).next_run && !past(p).live()) plan_of(p).waive_backoff(p);
    if (past(p).ending && launches_.is_live(p)) {
      launches_.kill_at(p, *kill_time(p));
    }
  }
}

}  // namespace thermos
