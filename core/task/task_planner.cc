#include "core/task/task_planner.h"

#include <algorithm>
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
      pools_(task),
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
  take_changes();
}

std::optional<ProcessIndex> TaskPlanner::pop_ready(Microseconds now) {
  if (pools_.any()) {
    admit(now);
    for (drop_void(); !ready_.empty() && pools_.uses(ready_.front().process); drop_void()) {
      ask_pools(ready_.front().process);
    }
    const std::optional<ProcessIndex> first = pools_.first();
    if (first && (ready_.empty() || pools_.place(*first) < pools_.place(ready_.front().process))) {
      leave_queue(*first);
      return first;
    }
  }
  return pop_any(now);
}

std::optional<ProcessIndex> TaskPlanner::pop_any(Microseconds now) {
  admit(now);
  drop_void();
  if (ready_.empty()) return std::nullopt;
  const ProcessIndex p = ready_.front().process;
  ready_.pop_front();
  leave_queue(p);
  return p;
}

void TaskPlanner::put_back(ProcessIndex p) {
  assert(mark(p) == Planner::Mark::Runnable);
  if (!held_[p]) join_first(p);
}

std::optional<Microseconds> TaskPlanner::next_ready_at(Microseconds now) {
  admit(now);
  if (waits_.empty()) return std::nullopt;
  return waits_.top().ready;
}

bool TaskPlanner::has_ready(Microseconds now) {
  admit(now);
  return in_ready_ != 0 || pools_.first();
}

std::uint32_t TaskPlanner::waiting(Microseconds now) {
  admit(now);
  return in_waits_;
}

void TaskPlanner::set_running(ProcessIndex p) {
  leave_queue(p);
  if (mark(p) == Planner::Mark::Blocked && planner_.stuck(p) && !task_.processes[p].ephemeral) {
    --stuck_;
  }
  planner_.set_running(p);
  if (pools_.any()) pools_.take(p);
}

void TaskPlanner::set_started(ProcessIndex p) {
  planner_.set_started(p);
  take_changes();
}

void TaskPlanner::set_ready(ProcessIndex p) {
  planner_.set_ready(p);
  take_changes();
}

void TaskPlanner::add_success(ProcessIndex p, Microseconds end) {
  count_run(p, end, 0);
  ++successes_[p];
  planner_.set_started(p);  // it had, whoever told so
  if (task_.processes[p].daemon) {
    again(p);
  } else {
    settle(p, false);
  }
}

void TaskPlanner::add_failure(ProcessIndex p, Microseconds end, Microseconds wait) {
  count_run(p, end, wait);
  ++failures_[p];
  const std::uint32_t limit = task_.processes[p].max_failures;
  if (limit == 0 || failures_[p] < limit) {
    again(p);
  } else {
    settle(p, true);
  }
}

void TaskPlanner::add_lost(ProcessIndex p, Microseconds end, Microseconds wait) {
  count_run(p, end, wait);
  again(p);
}

void TaskPlanner::cancel(ProcessIndex p) {
  if (reset(p) && !held_[p]) join_first(p);
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
  if (queued_[p] == QueueState::Pools) pools_.leave(p);
  queued_[p] = QueueState::None;
  ++tickets_[p];
}

TaskPlanner::Entry TaskPlanner::join_queue(ProcessIndex p, QueueState queue) {
  leave_queue(p);
  queued_[p] = queue;
  ++(queue == QueueState::Ready ? in_ready_ : in_waits_);
  return {p, tickets_[p]};
}

void TaskPlanner::join_first(ProcessIndex p) {
  if (pools_.any()) pools_.place_first(p);
  if (pools_.uses(p)) {
    ask_pools(p);  // at once: it must stand before all who did
  } else {
    ready_.push_front(join_queue(p, QueueState::Ready));
  }
}

void TaskPlanner::join_last(ProcessIndex p) {
  if (pools_.any()) pools_.place_last(p);
  ready_.push_back(join_queue(p, QueueState::Ready));
}

void TaskPlanner::ask_pools(ProcessIndex p) {
  leave_queue(p);
  queued_[p] = QueueState::Pools;
  pools_.line_up(p);
}

// Takes the entries off the head of the queue whose processes have left it.
void TaskPlanner::drop_void() {
  while (!ready_.empty() && !current(ready_.front())) ready_.pop_front();
}

void TaskPlanner::line_up(ProcessIndex p) {
  if (held_[p]) return;
  if (ready_at_[p] == kNeverEnded) {
    join_last(p);
  } else {
    const Entry entry = join_queue(p, QueueState::Waits);
    waits_.push({ready_at_[p], wait_order_++, entry});
  }
}

void TaskPlanner::count_run(ProcessIndex p, Microseconds end, Microseconds wait) {
  ++runs_[p];
  ready_at_[p] = add_saturated(end, std::max(wait, task_.processes[p].min_duration));
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
  if (pools_.any()) pools_.give_back(p);
  take_changes();
  // A resume may replay a process before those it waits for; it joins the queue when they are
  // replayed.
  return mark(p) == Planner::Mark::Runnable;
}

void TaskPlanner::settle(ProcessIndex p, bool failed) {
  const bool ephemeral = task_.processes[p].ephemeral;
  if (!ephemeral) --pending_;
  // An ephemeral process cannot fail its task, so one that used up its failures counts as finished.
  if (failed && !ephemeral) {
    planner_.set_failed(p);
  } else {
    planner_.set_finished(p);
  }
  if (pools_.any()) pools_.give_back(p);
  take_changes();
}

void TaskPlanner::take_changes() {
  for (const ProcessIndex p : planner_.newly_runnable()) line_up(p);
  planner_.newly_runnable().clear();
  for (const ProcessIndex p : planner_.newly_stuck()) {
    if (!task_.processes[p].ephemeral) ++stuck_;
  }
  planner_.newly_stuck().clear();
}

void TaskPlanner::admit(Microseconds now) {
  while (!waits_.empty()) {
    const Wait wait = waits_.top();
    if (wait.ready > now && current(wait.entry)) return;
    waits_.pop();
    if (current(wait.entry)) join_last(wait.entry.process);
  }
}

}  // namespace thermos
