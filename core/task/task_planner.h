// The planner for one stage of a task: Planner's order, and the rules about daemons, ephemerals,
// failure limits and min_duration. Times are boot-clock microseconds, handed in.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <vector>

#include "core/task/planner.h"
#include "core/task/task.h"

namespace thermos {

class TaskPlanner {
 public:
  enum class Stage : std::uint8_t { Regular, Final };
  // A process that ran this often does not run again, it counts as failed: counters must not wrap.
  static constexpr std::uint64_t kRunLimit = std::numeric_limits<std::uint32_t>::max() - 1;

  // `task` and `graph` outlive this; `graph` is check_task(task)'s.
  TaskPlanner(const TaskConfig& task, const Graph& graph, Stage stage);

  // A process of the other stage is Absent.
  bool has(ProcessIndex p) const { return planner_.mark(p) != Planner::Mark::Absent; }
  Planner::Mark mark(ProcessIndex p) const { return planner_.mark(p); }

  // The next process that may start at `now`, taken off the queue but still Runnable: follow with
  // set_running(), or put_back(). Nothing when none is ready.
  std::optional<ProcessIndex> pop_ready(Microseconds now);
  // Returns one taken by pop_ready() to the head of the queue.
  void put_back(ProcessIndex p);
  // When the next waiting process becomes ready; nothing if none waits. A process ready now is not
  // waiting: see has_ready().
  std::optional<Microseconds> next_ready_at(Microseconds now);
  bool has_ready(Microseconds now);
  std::uint32_t waiting(Microseconds now);  // behind the clock gate

  // REQUIRES: p is Runnable or Blocked. It need not come from pop_ready(): what the queues hold of
  // it is void from here on.
  void set_running(ProcessIndex p);
  // The process ended at `end`. Each frees, fails or re-queues it by the rules.
  void add_success(ProcessIndex p, Microseconds end);
  void add_failure(ProcessIndex p, Microseconds end);
  // KILLED or LOST: runs again, no failure counted, and waits min_duration all the same, so that
  // an event-driven runner can't spin.
  void add_lost(ProcessIndex p, Microseconds end);
  // A launch given up before anything ran: Running back to Runnable and to the head of the queue,
  // no wait, nothing counted.
  void cancel(ProcessIndex p);

  // An order: it is not handed out until it is released, whatever the plan says; a task waits for
  // it.
  void hold(ProcessIndex p);
  void release(ProcessIndex p);
  // The wait that it is in, or would be in next, is over.
  void waive_backoff(ProcessIndex p);

  // Adds to the counters what a process did before this planner existed, and changes no mark. To
  // restore a process: tell here all its ended runs but the last, then set_running() and the add_
  // of the last one with its end (so that its failures decide, and its min_duration goes on from
  // there), then set_running() again if a run is under way. In any order of processes.
  // `others`: runs that ended KILLED or LOST.
  void restore_totals(ProcessIndex p, std::uint64_t successes, std::uint64_t failures,
                      std::uint64_t others = 0);

  bool complete() const { return pending_ == 0; }  // all but ephemerals finished or failed
  // Not complete, and no more can come of it: nothing but ephemerals runs or can ever run.
  bool deadlocked() const { return live_candidates_ == 0 && !complete(); }

  std::uint32_t size() const { return planner_.size(); }
  std::uint32_t running() const { return planner_.running(); }
  std::uint32_t finished() const { return planner_.finished(); }
  std::uint32_t failed() const { return planner_.failed(); }
  std::uint32_t runnable() const { return planner_.runnable(); }
  std::uint64_t failures(ProcessIndex p) const { return failures_[p]; }
  std::uint64_t successes(ProcessIndex p) const { return successes_[p]; }

 private:
  // An entry of a queue is void when its ticket is not the process's latest: so a process can be
  // taken out of the middle without a search, and never stands in a queue twice.
  struct Entry {
    ProcessIndex process;
    std::uint32_t ticket;
  };
  struct Wait {
    Microseconds ready;
    std::uint64_t order;  // ties go by who waited first
    Entry entry;
    bool operator>(const Wait& o) const {
      return ready != o.ready ? ready > o.ready : order > o.order;
    }
  };
  enum class QueueState : std::uint8_t { None, Ready, Waits };

  bool current(const Entry& e) const { return tickets_[e.process] == e.ticket; }
  void leave_queue(ProcessIndex p);
  Entry join_queue(ProcessIndex p, QueueState queue);
  void line_up(ProcessIndex p);
  void count_run(ProcessIndex p, Microseconds end);
  void again(ProcessIndex p);
  bool reset(ProcessIndex p);  // true: it is runnable now
  void settle(ProcessIndex p, bool failed);
  void take_newly_runnable();
  void admit(Microseconds now);

  static constexpr Microseconds kNeverEnded = std::numeric_limits<Microseconds>::min();

  const TaskConfig& task_;
  Planner planner_;
  std::deque<Entry> ready_;
  std::priority_queue<Wait, std::vector<Wait>, std::greater<>> waits_;
  std::uint64_t wait_order_ = 0;
  std::uint32_t in_ready_ = 0;  // of the entries in ready_, those not void
  std::uint32_t in_waits_ = 0;
  std::vector<QueueState> queued_;
  std::vector<bool> held_;
  std::vector<std::uint32_t> tickets_;
  std::vector<Microseconds> ready_at_;  // last end plus min_duration
  std::vector<std::uint64_t> runs_;     // that ended, however
  std::vector<std::uint64_t> successes_;
  std::vector<std::uint64_t> failures_;
  std::uint32_t pending_ = 0;          // not ephemeral, and neither finished nor failed
  std::uint32_t live_candidates_ = 0;  // of those, the runnable and the running
};

}  // namespace thermos
