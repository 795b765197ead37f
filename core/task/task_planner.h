// The planner for one stage of a task: Planner's order, and the rules for daemons, ephemerals,
// failure limits, pools and min_duration. The caller passes times, in microseconds of
// CLOCK_BOOTTIME.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <vector>

#include "core/task/planner.h"
#include "core/task/pools.h"
#include "core/task/task.h"

namespace thermos {

class TaskPlanner {
 public:
  enum class Stage : std::uint8_t { Regular, Final };
  // A process that ran this often counts as failed and does not run again, because run numbers must
  // not wrap around.
  static constexpr std::uint32_t kRunLimit = std::numeric_limits<std::uint32_t>::max() - 1;

  // `graph` is the result of check_task(task). Both outlive this, and so do the daemon's pools.
  TaskPlanner(const TaskConfig& task, const Graph& graph, Stage stage, PoolAccess access = {});

  // Whether `p` belongs to this stage. The mark of a process of the other stage is Absent.
  bool has(ProcessIndex p) const { return mark(p) != Planner::Mark::Absent; }
  Planner::Mark mark(ProcessIndex p) const { return planner_.mark(graph_.rank_of(p)); }

  // Takes the next process that may start at `now` from the queue and returns it; nothing if none
  // may. Its mark stays Runnable: the caller continues with set_running(). A process whose share of
  // a pool is not free is passed over and keeps its place (pools.h). If processes use pools of the
  // daemon, a process that waits for any pool counts towards max_concurrency, so that no sibling
  // can keep it, and the processes of other tasks behind it, from going on.
  std::optional<ProcessIndex> pop_ready(Microseconds now);
  // The same without regard to the pools and max_concurrency, for a resume: a run that it finds
  // under way has its share of them already. REQUIRES: pop_ready() was not called yet.
  std::optional<ProcessIndex> pop_any(Microseconds now);
  // Puts a process from pop_any() back at the head of the queue. The process has not asked for its
  // pools yet. REQUIRES: the process is not held.
  void put_back(ProcessIndex p);
  // Returns when the next process that waits for its min_duration becomes ready; nothing if none
  // waits. A process that is ready at `now` does not wait; has_ready() says whether there is one.
  std::optional<Microseconds> next_ready_at(Microseconds now);
  // Whether a process waits only for room under max_concurrency, or for pools that pop_ready() has
  // not asked for yet.
  bool has_ready(Microseconds now);
  std::uint32_t waiting(Microseconds now);  // how many wait for their min_duration

  // Marks `p` as running. The process need not come from pop_ready(); if it is in a queue, it
  // leaves the queue. REQUIRES: p is Runnable or Blocked.
  void set_running(ProcessIndex p);
  // Says that the run of `p` ended at `end`, as SUCCESS or FAILED. The rules decide whether the
  // dependents of `p` become runnable, whether `p` has failed, or whether it is queued again. If
  // `p` runs again, it waits for its min_duration, or for `wait` if that is longer.
  void add_success(ProcessIndex p, Microseconds end);
  void add_failure(ProcessIndex p, Microseconds end, Microseconds wait = 0);
  // Says that the run ended KILLED or LOST: the process runs again, and no failure is counted. It
  // waits, too, so that an event-driven runner cannot spin.
  void add_lost(ProcessIndex p, Microseconds end, Microseconds wait = 0);
  // Says that the run ended KILLED, and not by an order: the same, until the process has failed by
  // its max_kills.
  void add_killed(ProcessIndex p, Microseconds end, Microseconds wait = 0);
  // Takes back set_running() for a launch that was given up before anything ran: `p` is Runnable
  // again at the head of the queue, without a wait, and nothing is counted.
  void cancel(ProcessIndex p);

  // Says that a run of `p` is RUNNING, or ready, or that `p` had failed and was revived; see
  // Planner.
  void set_started(ProcessIndex p);
  void set_ready(ProcessIndex p);
  void set_ended(ProcessIndex p);
  bool start_awaited(ProcessIndex p) const { return planner_.start_awaited(graph_.rank_of(p)); }
  bool ready_awaited(ProcessIndex p) const { return planner_.ready_awaited(graph_.rank_of(p)); }

  // By a user's order: pop_ready() does not return `p` until release(). The task stays open
  // meanwhile.
  void hold(ProcessIndex p);
  void release(ProcessIndex p);
  // Ends the wait for min_duration if `p` is in one, or else waives the next one.
  void waive_backoff(ProcessIndex p);

  // By a user's order: makes a process that has failed for good free to run again, without a wait.
  // Its failures and kills are counted from 0. REQUIRES: its mark is Failed, and may_revive().
  void revive(ProcessIndex p);
  bool may_revive(ProcessIndex p) const { return process(p).runs < kRunLimit; }

  // Adds runs of the past to the counters and changes no mark. `kills` is the number of runs that
  // count towards max_kills, and `others` that of runs that count towards nothing. To restore a
  // process: pass all its ended runs but the last to this call, then call set_running() and the
  // add_ function of the last run with its end (so that the failure limit is applied and
  // min_duration counts from that end), then set_running() again if a run is under way. Processes
  // may be restored in any order.
  void restore_totals(ProcessIndex p, std::uint64_t successes, std::uint64_t failures,
                      std::uint64_t others = 0, std::uint64_t kills = 0);

  bool complete() const { return pending_ == 0; }  // all but ephemerals have finished or failed
  // Whether the stage is not complete, and none of the processes that it waits for can ever run.
  bool deadlocked() const { return stuck_ == pending_ && !complete(); }

  std::uint32_t size() const { return planner_.size(); }
  std::uint32_t running() const { return planner_.running(); }
  std::uint32_t finished() const { return planner_.finished(); }
  std::uint32_t failed() const { return planner_.failed(); }
  std::uint32_t runnable() const { return planner_.runnable(); }
  // Whether max_concurrency lets one more process start.
  bool has_room() const {
    return max_concurrency_ == 0 || running() + waiting_seats_ < max_concurrency_;
  }
  // After this nothing starts any more: processes that wait for pools lose their places. Running
  // processes keep their shares.
  void close();
  // Does the same, and gives back the running processes' shares of the daemon's pools: the task is
  // no longer ours.
  void give_up();
  // Whether more is taken of a pool that `p` uses than the pool holds.
  bool overdrawn(ProcessIndex p) const { return pools_.overdrawn(p); }
  std::uint64_t failures(ProcessIndex p) const { return process(p).failures; }
  std::uint64_t successes(ProcessIndex p) const { return process(p).successes; }

 private:
  using Rank = Graph::Rank;

  // An entry of a queue is void when its ticket is not the process's latest one. So a process
  // leaves the middle of a queue without a search, and is in a queue at most once.
  struct Entry {
    Rank rank;
    std::uint32_t ticket;
  };
  struct Wait {
    Microseconds ready;
    std::uint64_t order;  // among equal times, the process that waited first has the lowest
    Entry entry;
    bool operator>(const Wait& o) const {
      return ready != o.ready ? ready > o.ready : order > o.order;
    }
  };
  enum class QueueState : std::uint8_t { None, Ready, Pools, Waits };
  static constexpr Microseconds kNeverEnded = std::numeric_limits<Microseconds>::min();

  // All data that a transition of a process reads and writes, with the part of its configuration
  // that it needs: in TaskConfig that part lies far apart, and would cost one more cache miss for
  // each process of a large task. Only failures and kills read their limits in TaskConfig.
  struct Process {
    Microseconds ready_at = kNeverEnded;  // last end plus the wait
    Microseconds min_duration = 0;
    std::uint32_t runs = 0;  // ended runs, whatever their end; these and kills stay at kRunLimit
    std::uint32_t successes = 0;
    std::uint32_t failures = 0;
    std::uint32_t kills = 0;
    std::uint32_t ticket = 0;
    QueueState queue : 2 = QueueState::None;
    bool held : 1 = false;
    bool daemon : 1 = false;
    bool ephemeral : 1 = false;
  };

  std::vector<bool> take_configuration(Stage stage);
  const Process& process(ProcessIndex p) const { return processes_[graph_.rank_of(p)]; }
  bool current(const Entry& e) const { return processes_[e.rank].ticket == e.ticket; }
  // REQUIRES: ready_ is not empty.
  ProcessIndex first_ready() const { return graph_.node_at(ready_.front().rank); }
  void leave_queue(Rank rank);
  Entry join_queue(Rank rank, QueueState queue);
  void join_first(Rank rank);
  void join_last(Rank rank);
  void ask_pools(Rank rank, bool first);
  bool takes_seat(ProcessIndex p) const {
    return pools_.shared() && pools_.uses(p) && !pools_.never(p);
  }
  void drop_void();
  void line_up(Rank rank);
  void count_run(Rank rank, Microseconds end, Microseconds wait);
  void again(Rank rank);
  bool reset(Rank rank);  // true: it is runnable now
  void settle(Rank rank, bool failed);
  void take_changes();
  void admit(Microseconds now);

  const TaskConfig& task_;
  const Graph& graph_;
  std::uint32_t max_concurrency_ = 0;
  bool uses_pools_ = false;
  std::uint32_t pending_ = 0;       // not ephemeral, and neither finished nor failed
  std::vector<Process> processes_;  // by rank
  Planner planner_;
  Pools pools_;
  std::deque<Entry> ready_;
  std::priority_queue<Wait, std::vector<Wait>, std::greater<>> waits_;
  std::uint64_t wait_order_ = 0;
  std::uint32_t in_ready_ = 0;  // entries of ready_ that are not void
  std::uint32_t in_waits_ = 0;
  // Processes that wait for pools, if these count towards max_concurrency.
  std::uint32_t waiting_seats_ = 0;
  bool closed_ = false;
  std::uint32_t stuck_ = 0;  // of the pending, those that can never run
};

}  // namespace thermos
