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
      lines_(task.processes.size(), Line::None),
      held_(task.processes.size(), false),
      tickets_(task.processes.size(), 0),
      ready_at_(task.processes.size(), kNeverEnded),
      runs_(task.processes.size(), 0),
      successes_(task.processes.size(), 0),
      failures_(task.processes.size(), 0) {
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    if (has(p) && !task.processes[p].ephemeral) ++pending_;
  }
  take_fresh();
}

std::optional<ProcessIndex> TaskPlanner::pop_ready(Microseconds now) {
  admit(now);
  while (!ready_.empty()) {
    const Entry entry = ready_.front();
    ready_.pop_front();
    if (!current(entry)) continue;
    leave_line(entry.process);
    return entry.process;
  }
  return std::nullopt;
}

void TaskPlanner::put_back(ProcessIndex p) {
  assert(mark(p) == Planner::Mark::Runnable);
  if (!held_[p]) ready_.push_front(join_line(p, Line::Ready));
}

std::optional<Microseconds> TaskPlanner::next_ready_at(Microseconds now) {
  admit(now);
  while (!waits_.empty() && !current(waits_.top().entry)) waits_.pop();
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
  leave_line(p);
  if (mark(p) == Planner::Mark::Blocked && !task_.processes[p].ephemeral) ++hopes_;
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
  if (reset(p) && !held_[p]) ready_.push_front(join_line(p, Line::Ready));
}

void TaskPlanner::hold(ProcessIndex p) {
  held_[p] = true;
  leave_line(p);
}

void TaskPlanner::release(ProcessIndex p) {
  if (!held_[p]) return;
  held_[p] = false;
  if (mark(p) == Planner::Mark::Runnable) line_up(p);
}

void TaskPlanner::hurry(ProcessIndex p) {
  ready_at_[p] = kNeverEnded;
  if (lines_[p] == Line::Waits) line_up(p);
}

void TaskPlanner::restore_totals(ProcessIndex p, std::uint64_t successes, std::uint64_t failures,
                                 std::uint64_t others) {
  successes_[p] += successes;
  failures_[p] += failures;
  runs_[p] += successes + failures + others;
}

void TaskPlanner::leave_line(ProcessIndex p) {
  if (lines_[p] == Line::Ready) --in_ready_;
  if (lines_[p] == Line::Waits) --in_waits_;
  lines_[p] = Line::None;
  ++tickets_[p];
}

TaskPlanner::Entry TaskPlanner::join_line(ProcessIndex p, Line line) {
  leave_line(p);
  lines_[p] = line;
  ++(line == Line::Ready ? in_ready_ : in_waits_);
  return {p, tickets_[p]};
}

void TaskPlanner::line_up(ProcessIndex p) {
  if (held_[p]) return;
  if (ready_at_[p] == kNeverEnded) {
    ready_.push_back(join_line(p, Line::Ready));
  } else {
    const Entry entry = join_line(p, Line::Waits);
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
  // Told before what it depends on, in a resume: it joins the line when that is told.
  if (!task_.processes[p].ephemeral) --hopes_;
  return false;
}

void TaskPlanner::settle(ProcessIndex p, bool failed) {
  const bool ephemeral = task_.processes[p].ephemeral;
  if (!ephemeral) {
    --pending_;
    --hopes_;
  }
  // An ephemeral process can't fail its task: one that used up its failures is done with.
  if (failed && !ephemeral) {
    planner_.set_failed(p);
  } else {
    planner_.set_finished(p);
    take_fresh();
  }
}

void TaskPlanner::take_fresh() {
  for (const ProcessIndex p : planner_.fresh()) {
    if (!task_.processes[p].ephemeral) ++hopes_;
    line_up(p);
  }
  planner_.fresh().clear();
}

void TaskPlanner::admit(Microseconds now) {
  while (!waits_.empty()) {
    const Wait wait = waits_.top();
    if (wait.ready > now && current(wait.entry)) return;
    waits_.pop();
    if (current(wait.entry)) ready_.push_back(join_line(wait.entry.process, Line::Ready));
  }
}

}  // namespace thermos
