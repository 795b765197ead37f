#include "core/task/task_planner.h"

#include <cassert>

#include "core/base/times.h"

namespace thermos {
namespace {

std::vector<bool> members(const TaskConfig& task, TaskPlanner::Stage stage) {
  std::vector<bool> member(task.processes.size());
  for (std::size_t p = 0; p < member.size(); ++p) {
    member[p] = task.processes[p].final == (stage == TaskPlanner::Stage::Final);
  }
  return member;
}

}  // namespace

TaskPlanner::TaskPlanner(const TaskConfig& task, const Graph& graph, Stage stage)
    : task_(task),
      planner_(graph, members(task, stage)),
      queued_(task.processes.size(), QueueState::None),
      held_(task.processes.size(), false),
      tickets_(task.processes.size(), 0),
      ready_at_(task.processes.size(), kNeverEnded),
      runs_(task.processes.size(), 0),
      successes_(task.processes.size(), 0),
      failures_(task.processes.size(), 0) {
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    if (has(p) && !task.processes[p].ephemeral) ++pending_;
  }
  take_newly_runnable();
}

std::optional<ProcessIndex> TaskPlanner::pop_ready(Microseconds now) {
  admit(now);
  while (!ready_.empty()) {
    const Entry entry = ready_.front();
    ready_.pop_front();
    if (!current(entry)) continue;
    leave_queue(entry.process);
    return entry.process;
  }
  return std::nullopt;
}

void TaskPlanner::put_back(ProcessIndex p) {
  assert(mark(p) == Planner::Mark::Runnable);
  if (!held_[p]) ready_.push_front(join_queue(p, QueueState::Ready));
}

std::optional<Microseconds> TaskPlanner::next_ready_at(Microseconds now) {
  admit(now);
  if (waits_.empty()) return std::nullopt;
  return waits_.top().ready;
}

bool TaskPlanner::has_ready(Microseconds now) {
  admit(now);
  return in_ready_ != 0;
}

std::uint32_t TaskPlanner::waiting(Microseconds now) {
  admit(now);
  return in_waits_;
}

void TaskPlanner::set_running(ProcessIndex p) {
  leave_queue(p);
  if (mark(p) == Planner::Mark::Blocked && !task_.processes[p].ephemeral) ++live_candidates_;
  planner_.set_running(p);
}

void TaskPlanner::add_success(ProcessIndex p, Microseconds end) {
  count_run(p, end);
  ++successes_[p];
  if (task_.processes[p].daemon) {
    again(p);
  } else {
    settle(p, false);
  }
}

void TaskPlanner::add_failure(ProcessIndex p, Microseconds end) {
  count_run(p, end);
  ++failures_[p];
  const std::uint32_t limit = task_.processes[p].max_failures;
  if (limit == 0 || failures_[p] < limit) {
    again(p);
  } else {
    settle(p, true);
  }
}

void TaskPlanner::add_lost(ProcessIndex p, Microseconds end) {
  count_run(p, end);
  again(p);
}

void TaskPlanner::cancel(ProcessIndex p) {
  if (reset(p) && !held_[p]) ready_.push_front(join_queue(p, QueueState::Ready));
}

void TaskPlanner::hold(ProcessIndex p) {
  held_[p] = true;
  leave_queue(p);
}

void TaskPlanner::release(ProcessIndex p) {
  if (!held_[p]) return;
  held_[p] = false;
  if (mark(p) == Planner::Mark::Runnable) line_up(p);
}

void TaskPlanner::waive_backoff(ProcessIndex p) {
  ready_at_[p] = kNeverEnded;
  if (queued_[p] == QueueState::Waits) line_up(p);
}

void TaskPlanner::restore_totals(ProcessIndex p, std::uint64_t successes, std::uint64_t failures,
                                 std::uint64_t others) {
  successes_[p] += successes;
  failures_[p] += failures;
  runs_[p] += successes + failures + others;
}

void TaskPlanner::leave_queue(ProcessIndex p) {
  if (queued_[p] == QueueState::Ready) --in_ready_;
  if (queued_[p] == QueueState::Waits) --in_waits_;
  queued_[p] = QueueState::None;
  ++tickets_[p];
}

TaskPlanner::Entry TaskPlanner::join_queue(ProcessIndex p, QueueState queue) {
  leave_queue(p);
  queued_[p] = queue;
  ++(queue == QueueState::Ready ? in_ready_ : in_waits_);
  return {p, tickets_[p]};
}

void TaskPlanner::line_up(ProcessIndex p) {
  if (held_[p]) return;
  if (ready_at_[p] == kNeverEnded) {
    ready_.push_back(join_queue(p, QueueState::Ready));
  } else {
    const Entry entry = join_queue(p, QueueState::Waits);
    waits_.push({ready_at_[p], wait_order_++, entry});
  }
}

void TaskPlanner::count_run(ProcessIndex p, Microseconds end) {
  ++runs_[p];
  ready_at_[p] = add_saturated(end, task_.processes[p].min_duration);
}

void TaskPlanner::again(ProcessIndex p) {
  if (runs_[p] >= kRunLimit) {
    settle(p, true);
    return;
  }
  if (reset(p)) line_up(p);
}

bool TaskPlanner::reset(ProcessIndex p) {
  planner_.reset(p);
  if (mark(p) == Planner::Mark::Runnable) return true;
  // A resume may replay a process before those it waits for; it joins the queue when they are
  // replayed.
  if (!task_.processes[p].ephemeral) --live_candidates_;
  return false;
}

void TaskPlanner::settle(ProcessIndex p, bool failed) {
  const bool ephemeral = task_.processes[p].ephemeral;
  if (!ephemeral) {
    --pending_;
    --live_candidates_;
  }
  // An ephemeral process cannot fail its task, so one that used up its failures counts as finished.
  if (failed && !ephemeral) {
    planner_.set_failed(p);
  } else {
    planner_.set_finished(p);
    take_newly_runnable();
  }
}

void TaskPlanner::take_newly_runnable() {
  for (const ProcessIndex p : planner_.newly_runnable()) {
    if (!task_.processes[p].ephemeral) ++live_candidates_;
    line_up(p);
  }
  planner_.newly_runnable().clear();
}

void TaskPlanner::admit(Microseconds now) {
  while (!waits_.empty()) {
    const Wait wait = waits_.top();
    if (wait.ready > now && current(wait.entry)) return;
    waits_.pop();
    if (current(wait.entry)) ready_.push_back(join_queue(wait.entry.process, QueueState::Ready));
  }
}

}  // namespace thermos
