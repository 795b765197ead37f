#include "core/task/task_planner.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/times.h"

namespace thermos {
namespace {

// The sum, at most as many as a process may have.
std::uint32_t add_runs(std::uint32_t count, std::uint64_t more) {
  constexpr std::uint64_t kMost = TaskPlanner::kRunLimit;
  return static_cast<std::uint32_t>(std::min(count + std::min(more, kMost), kMost));
}

}  // namespace

// In one pass: the configuration of a large task does not fit into a cache.
std::vector<TaskPlanner::Process> TaskPlanner::processes_of(const TaskConfig& task) {
  std::vector<Process> processes(task.processes.size());
  for (std::size_t p = 0; p < processes.size(); ++p) {
    const ProcessConfig& config = task.processes[p];
    Process& process = processes[p];
    process.min_duration = config.min_duration;
    process.max_failures = config.max_failures;
    process.max_kills = config.max_kills;
    process.daemon = config.daemon;
    process.ephemeral = config.ephemeral;
    process.final = config.final;
    process.uses_pools = !config.uses.entries.empty();
  }
  return processes;
}

std::vector<bool> TaskPlanner::members(const std::vector<Process>& processes, Stage stage) {
  std::vector<bool> member(processes.size());
  for (std::size_t p = 0; p < member.size(); ++p) {
    member[p] = processes[p].final == (stage == Stage::Final);
  }
  return member;
}

bool TaskPlanner::uses_pools(const std::vector<Process>& processes) {
  return std::any_of(processes.begin(), processes.end(),
                     [](const Process& process) { return process.uses_pools; });
}

TaskPlanner::TaskPlanner(const TaskConfig& task, const Graph& graph, Stage stage, PoolAccess access)
    : max_concurrency_(task.max_concurrency),
      processes_(processes_of(task)),
      planner_(graph, members(processes_, stage)),
      pools_(task, std::move(access), uses_pools(processes_)) {
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    if (has(p) && !processes_[p].ephemeral) ++pending_;
  }
  take_changes();
}

std::optional<ProcessIndex> TaskPlanner::pop_ready(Microseconds now) {
  if (pools_.any()) {
    admit(now);
    for (drop_void(); has_room() && !ready_.empty() && pools_.uses(ready_.front().process);
         drop_void()) {
      ask_pools(ready_.front().process, false);
    }
    const std::optional<ProcessIndex> first = pools_.first();
    const bool seated = pools_.shared();  // it has its place among max_concurrency
    if (!seated && !has_room()) return std::nullopt;
    if (first &&
        (seated || ready_.empty() || pools_.place(*first) < pools_.place(ready_.front().process))) {
      leave_queue(*first);
      return first;
    }
  }
  return has_room() ? pop_any(now) : std::nullopt;
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
  if (pools_.any()) pools_.place_first(p);
  ready_.push_front(join_queue(p, QueueState::Ready));
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
  const bool was_stuck = planner_.stuck(p);
  planner_.set_running(p);
  if (pools_.any()) pools_.take(p);
  if (!was_stuck) return;
  if (!processes_[p].ephemeral) --stuck_;
  take_changes();
}

void TaskPlanner::set_started(ProcessIndex p) {
  planner_.set_started(p);
  take_changes();
}

void TaskPlanner::set_ready(ProcessIndex p) {
  planner_.set_ready(p);
  take_changes();
}

void TaskPlanner::set_ended(ProcessIndex p) {
  planner_.set_ended(p);
  take_changes();
}

void TaskPlanner::add_success(ProcessIndex p, Microseconds end) {
  count_run(p, end, 0);
  ++processes_[p].successes;
  planner_.set_started(p);  // it had, whoever told so
  if (processes_[p].daemon) {
    again(p);
  } else {
    settle(p, false);
  }
}

void TaskPlanner::add_failure(ProcessIndex p, Microseconds end, Microseconds wait) {
  count_run(p, end, wait);
  ++processes_[p].failures;
  const std::uint32_t limit = processes_[p].max_failures;
  if (limit == 0 || processes_[p].failures < limit) {
    again(p);
  } else {
    settle(p, true);
  }
}

void TaskPlanner::add_lost(ProcessIndex p, Microseconds end, Microseconds wait) {
  count_run(p, end, wait);
  again(p);
}

void TaskPlanner::add_killed(ProcessIndex p, Microseconds end, Microseconds wait) {
  count_run(p, end, wait);
  ++processes_[p].kills;
  const std::uint32_t limit = processes_[p].max_kills;
  if (limit == 0 || processes_[p].kills < limit) {
    again(p);
  } else {
    settle(p, true);
  }
}

void TaskPlanner::cancel(ProcessIndex p) {
  if (reset(p) && !processes_[p].held) join_first(p);
}

void TaskPlanner::hold(ProcessIndex p) {
  processes_[p].held = true;
  leave_queue(p);
}

void TaskPlanner::release(ProcessIndex p) {
  if (!processes_[p].held) return;
  processes_[p].held = false;
  if (mark(p) == Planner::Mark::Runnable) line_up(p);
}

void TaskPlanner::waive_backoff(ProcessIndex p) {
  processes_[p].ready_at = kNeverEnded;
  if (processes_[p].queue == QueueState::Waits) line_up(p);
}

void TaskPlanner::close() {
  if (closed_) return;
  closed_ = true;
  if (!pools_.any()) return;
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {
    if (processes_[p].queue == QueueState::Pools) leave_queue(p);
  }
}

void TaskPlanner::give_up() {
  close();
  pools_.give_up();
}

void TaskPlanner::revive(ProcessIndex p) {
  processes_[p].failures = 0;
  processes_[p].kills = 0;
  processes_[p].ready_at = kNeverEnded;
  ++pending_;  // it is not ephemeral: those never fail
  planner_.revive(p);
  take_changes();
  if (mark(p) == Planner::Mark::Runnable) line_up(p);
}

void TaskPlanner::restore_totals(ProcessIndex p, std::uint64_t successes, std::uint64_t failures,
                                 std::uint64_t others, std::uint64_t kills) {
  Process& process = processes_[p];
  process.successes = add_runs(process.successes, successes);
  process.failures = add_runs(process.failures, failures);
  process.kills = add_runs(process.kills, kills);
  for (const std::uint64_t runs : {successes, failures, others, kills}) {
    process.runs = add_runs(process.runs, runs);
  }
}

void TaskPlanner::leave_queue(ProcessIndex p) {
  if (processes_[p].queue == QueueState::Ready) --in_ready_;
  if (processes_[p].queue == QueueState::Waits) --in_waits_;
  if (processes_[p].queue == QueueState::Pools) {
    pools_.leave(p);
    if (takes_seat(p)) --waiting_seats_;
  }
  processes_[p].queue = QueueState::None;
  ++processes_[p].ticket;
}

TaskPlanner::Entry TaskPlanner::join_queue(ProcessIndex p, QueueState queue) {
  leave_queue(p);
  processes_[p].queue = queue;
  ++(queue == QueueState::Ready ? in_ready_ : in_waits_);
  return {p, processes_[p].ticket};
}

void TaskPlanner::join_first(ProcessIndex p) {
  if (takes_seat(p) && !has_room()) {
    join_last(p);
    return;
  }
  if (pools_.any()) pools_.place_first(p);
  if (pools_.uses(p) && !closed_) {
    ask_pools(p, true);  // at once: it must stand before all who did
  } else {
    ready_.push_front(join_queue(p, QueueState::Ready));
  }
}

void TaskPlanner::join_last(ProcessIndex p) {
  if (pools_.any()) pools_.place_last(p);
  ready_.push_back(join_queue(p, QueueState::Ready));
}

void TaskPlanner::ask_pools(ProcessIndex p, bool first) {
  leave_queue(p);
  processes_[p].queue = QueueState::Pools;
  if (takes_seat(p)) ++waiting_seats_;
  pools_.line_up(p, first);
}

// Takes the entries off the head of the queue whose processes have left it.
void TaskPlanner::drop_void() {
  while (!ready_.empty() && !current(ready_.front())) ready_.pop_front();
}

void TaskPlanner::line_up(ProcessIndex p) {
  if (processes_[p].held) return;
  if (processes_[p].ready_at == kNeverEnded) {
    join_last(p);
  } else {
    const Entry entry = join_queue(p, QueueState::Waits);
    waits_.push({processes_[p].ready_at, wait_order_++, entry});
  }
}

void TaskPlanner::count_run(ProcessIndex p, Microseconds end, Microseconds wait) {
  ++processes_[p].runs;
  processes_[p].ready_at = add_saturated(end, std::max(wait, processes_[p].min_duration));
}

void TaskPlanner::again(ProcessIndex p) {
  if (processes_[p].runs >= kRunLimit) {
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
  const bool ephemeral = processes_[p].ephemeral;
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
    if (!processes_[p].ephemeral) ++stuck_;
  }
  planner_.newly_stuck().clear();
  for (const ProcessIndex p : planner_.newly_unstuck()) {
    if (!processes_[p].ephemeral) --stuck_;
  }
  planner_.newly_unstuck().clear();
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
