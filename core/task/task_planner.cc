#include "core/task/task_planner.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/times.h"

namespace thermos {
namespace {

// Returns the sum, but at most as many runs as a process may have.
std::uint32_t add_runs(std::uint32_t count, std::uint64_t more) {
  constexpr std::uint64_t kMost = TaskPlanner::kRunLimit;
  return static_cast<std::uint32_t>(std::min(count + std::min(more, kMost), kMost));
}

}  // namespace

// Reads the configuration in one pass, because that of a large task does not fit into a cache.
// Returns which processes belong to the stage, by rank.
std::vector<bool> TaskPlanner::take_configuration(Stage stage) {
  std::vector<bool> members(task_.processes.size());
  processes_.resize(members.size());
  for (ProcessIndex p = 0; p < members.size(); ++p) {
    const ProcessConfig& config = task_.processes[p];
    const Rank rank = graph_.rank_of(p);
    Process& process = processes_[rank];
    process.min_duration = config.min_duration;
    process.daemon = config.daemon;
    process.ephemeral = config.ephemeral;
    uses_pools_ |= !config.uses.entries.empty();
    if (config.final != (stage == Stage::Final)) continue;
    members[rank] = true;
    if (!config.ephemeral) ++pending_;
  }
  return members;
}

TaskPlanner::TaskPlanner(const TaskConfig& task, const Graph& graph, Stage stage, PoolAccess access)
    : task_(task),
      graph_(graph),
      max_concurrency_(task.max_concurrency),
      planner_(graph, take_configuration(stage)),
      pools_(task, std::move(access), uses_pools_) {
  take_changes();
}

std::optional<ProcessIndex> TaskPlanner::pop_ready(Microseconds now) {
  if (pools_.any()) {
    admit(now);
    for (drop_void(); has_room() && !ready_.empty() && pools_.uses(first_ready()); drop_void()) {
      ask_pools(ready_.front().rank, false);
    }
    const std::optional<ProcessIndex> first = pools_.first();
    const bool seated = pools_.shared();  // it already counts towards max_concurrency
    if (!seated && !has_room()) return std::nullopt;
    if (first && (seated || ready_.empty() || pools_.place(*first) < pools_.place(first_ready()))) {
      leave_queue(graph_.rank_of(*first));
      return first;
    }
  }
  return has_room() ? pop_any(now) : std::nullopt;
}

std::optional<ProcessIndex> TaskPlanner::pop_any(Microseconds now) {
  admit(now);
  drop_void();
  if (ready_.empty()) return std::nullopt;
  const Rank rank = ready_.front().rank;
  ready_.pop_front();
  if (!ready_.empty()) graph_.prefetch_rank(first_ready());  // the caller asks for it next
  leave_queue(rank);
  return graph_.node_at(rank);
}

void TaskPlanner::put_back(ProcessIndex p) {
  assert(mark(p) == Planner::Mark::Runnable);
  if (pools_.any()) pools_.place_first(p);
  ready_.push_front(join_queue(graph_.rank_of(p), QueueState::Ready));
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
  const Rank rank = graph_.rank_of(p);
  leave_queue(rank);
  const bool was_stuck = planner_.stuck(rank);
  planner_.set_running(rank);
  if (pools_.any()) pools_.take(p);
  if (!was_stuck) return;
  if (!processes_[rank].ephemeral) --stuck_;
  take_changes();
}

void TaskPlanner::set_started(ProcessIndex p) {
  planner_.set_started(graph_.rank_of(p));
  take_changes();
}

void TaskPlanner::set_ready(ProcessIndex p) {
  planner_.set_ready(graph_.rank_of(p));
  take_changes();
}

void TaskPlanner::set_ended(ProcessIndex p) {
  planner_.set_ended(graph_.rank_of(p));
  take_changes();
}

void TaskPlanner::add_success(ProcessIndex p, Microseconds end) {
  const Rank rank = graph_.rank_of(p);
  count_run(rank, end, 0);
  ++processes_[rank].successes;
  planner_.set_started(rank);  // its run has started, even if nobody said so
  if (processes_[rank].daemon) {
    again(rank);
  } else {
    settle(rank, false);
  }
}

void TaskPlanner::add_failure(ProcessIndex p, Microseconds end, Microseconds wait) {
  const Rank rank = graph_.rank_of(p);
  count_run(rank, end, wait);
  ++processes_[rank].failures;
  const std::uint32_t limit = task_.processes[p].max_failures;
  if (limit == 0 || processes_[rank].failures < limit) {
    again(rank);
  } else {
    settle(rank, true);
  }
}

void TaskPlanner::add_lost(ProcessIndex p, Microseconds end, Microseconds wait) {
  const Rank rank = graph_.rank_of(p);
  count_run(rank, end, wait);
  again(rank);
}

void TaskPlanner::add_killed(ProcessIndex p, Microseconds end, Microseconds wait) {
  const Rank rank = graph_.rank_of(p);
  count_run(rank, end, wait);
  ++processes_[rank].kills;
  const std::uint32_t limit = task_.processes[p].max_kills;
  if (limit == 0 || processes_[rank].kills < limit) {
    again(rank);
  } else {
    settle(rank, true);
  }
}

void TaskPlanner::cancel(ProcessIndex p) {
  const Rank rank = graph_.rank_of(p);
  if (reset(rank) && !processes_[rank].held) join_first(rank);
}

void TaskPlanner::hold(ProcessIndex p) {
  const Rank rank = graph_.rank_of(p);
  processes_[rank].held = true;
  leave_queue(rank);
}

void TaskPlanner::release(ProcessIndex p) {
  const Rank rank = graph_.rank_of(p);
  if (!processes_[rank].held) return;
  processes_[rank].held = false;
  if (planner_.mark(rank) == Planner::Mark::Runnable) line_up(rank);
}

void TaskPlanner::waive_backoff(ProcessIndex p) {
  const Rank rank = graph_.rank_of(p);
  processes_[rank].ready_at = kNeverEnded;
  if (processes_[rank].queue == QueueState::Waits) line_up(rank);
}

void TaskPlanner::close() {
  if (closed_) return;
  closed_ = true;
  if (!pools_.any()) return;
  for (ProcessIndex p = 0; p < processes_.size(); ++p) {  // the pools' turns change in this order
    if (process(p).queue == QueueState::Pools) leave_queue(graph_.rank_of(p));
  }
}

void TaskPlanner::give_up() {
  close();
  pools_.give_up();
}

void TaskPlanner::revive(ProcessIndex p) {
  const Rank rank = graph_.rank_of(p);
  processes_[rank].failures = 0;
  processes_[rank].kills = 0;
  processes_[rank].ready_at = kNeverEnded;
  ++pending_;  // `p` is not ephemeral: ephemeral processes never fail
  planner_.revive(rank);
  take_changes();
  if (planner_.mark(rank) == Planner::Mark::Runnable) line_up(rank);
}

void TaskPlanner::restore_totals(ProcessIndex p, std::uint64_t successes, std::uint64_t failures,
                                 std::uint64_t others, std::uint64_t kills) {
  Process& process = processes_[graph_.rank_of(p)];
  process.successes = add_runs(process.successes, successes);
  process.failures = add_runs(process.failures, failures);
  process.kills = add_runs(process.kills, kills);
  for (const std::uint64_t runs : {successes, failures, others, kills}) {
    process.runs = add_runs(process.runs, runs);
  }
}

void TaskPlanner::leave_queue(Rank rank) {
  Process& process = processes_[rank];
  if (process.queue == QueueState::Ready) --in_ready_;
  if (process.queue == QueueState::Waits) --in_waits_;
  if (process.queue == QueueState::Pools) {
    const ProcessIndex p = graph_.node_at(rank);
    pools_.leave(p);
    if (takes_seat(p)) --waiting_seats_;
  }
  process.queue = QueueState::None;
  ++process.ticket;
}

TaskPlanner::Entry TaskPlanner::join_queue(Rank rank, QueueState queue) {
  leave_queue(rank);
  processes_[rank].queue = queue;
  ++(queue == QueueState::Ready ? in_ready_ : in_waits_);
  return {rank, processes_[rank].ticket};
}

void TaskPlanner::join_first(Rank rank) {
  const ProcessIndex p = graph_.node_at(rank);
  if (takes_seat(p) && !has_room()) {
    join_last(rank);
    return;
  }
  if (pools_.any()) pools_.place_first(p);
  if (pools_.uses(p) && !closed_) {
    ask_pools(rank, true);  // at once, so that it stands before all processes that asked
  } else {
    ready_.push_front(join_queue(rank, QueueState::Ready));
  }
}

void TaskPlanner::join_last(Rank rank) {
  if (pools_.any()) pools_.place_last(graph_.node_at(rank));
  ready_.push_back(join_queue(rank, QueueState::Ready));
}

void TaskPlanner::ask_pools(Rank rank, bool first) {
  leave_queue(rank);
  processes_[rank].queue = QueueState::Pools;
  const ProcessIndex p = graph_.node_at(rank);
  if (takes_seat(p)) ++waiting_seats_;
  pools_.line_up(p, first);
}

// Takes the entries off the head of the queue whose processes have left it.
void TaskPlanner::drop_void() {
  while (!ready_.empty() && !current(ready_.front())) ready_.pop_front();
}

void TaskPlanner::line_up(Rank rank) {
  const Process& process = processes_[rank];
  if (process.held) return;
  if (process.ready_at == kNeverEnded) {
    join_last(rank);
  } else {
    const Entry entry = join_queue(rank, QueueState::Waits);
    waits_.push({process.ready_at, wait_order_++, entry});
  }
}

void TaskPlanner::count_run(Rank rank, Microseconds end, Microseconds wait) {
  Process& process = processes_[rank];
  ++process.runs;
  process.ready_at = add_saturated(end, std::max(wait, process.min_duration));
}

void TaskPlanner::again(Rank rank) {
  if (processes_[rank].runs >= kRunLimit) {
    settle(rank, true);
    return;
  }
  if (reset(rank)) line_up(rank);
}

bool TaskPlanner::reset(Rank rank) {
  planner_.reset(rank);
  if (pools_.any()) pools_.give_back(graph_.node_at(rank));
  take_changes();
  // A resume may replay a process before those it waits for; it joins the queue when they are
  // replayed.
  return planner_.mark(rank) == Planner::Mark::Runnable;
}

void TaskPlanner::settle(Rank rank, bool failed) {
  const bool ephemeral = processes_[rank].ephemeral;
  if (!ephemeral) --pending_;
  // An ephemeral process cannot fail its task, so one that used up its failures counts as finished.
  if (failed && !ephemeral) {
    planner_.set_failed(rank);
  } else {
    planner_.set_finished(rank);
  }
  if (pools_.any()) pools_.give_back(graph_.node_at(rank));
  take_changes();
}

void TaskPlanner::take_changes() {
  for (const Rank rank : planner_.newly_runnable()) line_up(rank);
  planner_.newly_runnable().clear();
  for (const Rank rank : planner_.newly_stuck()) {
    if (!processes_[rank].ephemeral) ++stuck_;
  }
  planner_.newly_stuck().clear();
  for (const Rank rank : planner_.newly_unstuck()) {
    if (!processes_[rank].ephemeral) --stuck_;
  }
  planner_.newly_unstuck().clear();
}

void TaskPlanner::admit(Microseconds now) {
  while (!waits_.empty()) {
    const Wait wait = waits_.top();
    if (wait.ready > now && current(wait.entry)) return;
    waits_.pop();
    if (current(wait.entry)) join_last(wait.entry.rank);
  }
}

}  // namespace thermos
