// The state machine of one task. It takes events and returns effects; it knows no file, no pid of
// its own and no clock. The reactor runs it on the real machine, the simulator on a virtual one.
//
// Its state is the History (the same fold that replays a stream) and what follows from it. Every
// transition is an Append effect before the effects that depend on it; the shell makes the appends
// durable before it carries out what comes after them.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/name_index.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "core/runner/effects.h"
#include "core/runner/events.h"
#include "core/runner/health.h"
#include "core/runner/launch_control.h"
#include "core/runner/launches.h"
#include "core/runner/limit_times.h"
#include "core/runner/placement.h"
#include "core/runner/readiness.h"
#include "core/runner/requests.h"
#include "core/runner/timeouts.h"
#include "core/task/graph.h"
#include "core/task/task.h"
#include "core/task/task_planner.h"

namespace thermos {

class Runner {
 public:
  // `task` and `graph` outlive this; `graph` is the result of check_task(task). `history` is the
  // contents of the task's stream; empty for a new task. `access` is to the pools of a daemon that
  // leads many tasks; they outlive this.
  Runner(const TaskConfig& task, const Graph& graph, History history, PoolAccess access = {});

  // Takes one event at the time `now`. Returns the effects in the order in which they must be
  // carried out; they, and the views in them, are valid until the next call. Fails with Corrupt if
  // a coordinator wrote an impossible record; then nothing has changed, and the shell must stop
  // leading this task.
  Result<std::span<const Effect>> handle(const Event& event, Timestamp now);

  // Checks an order for a process. Fails with NotFound if the task has no process of that name, or
  // with Usage as order_allowed() does. REQUIRES: Lead was handled.
  Status may_order(const std::string& process, Verb verb) const;

  // Gives back what the task's processes use of the daemon's pools. Called when this runner no
  // longer leads the task: its processes may run on, and nobody here learns when they end.
  void give_up_pools();

  const TaskConfig& task() const { return task_; }
  // Returns the process of this name, or nothing if the task has none.
  std::optional<ProcessIndex> find(std::string_view name) const;
  const History& history() const { return history_; }
  // Moves the history out, for the runner that goes on with another configuration of the task. This
  // runner must not be used any more.
  History take_history() { return std::move(history_); }
  // Drops old runs as History::drop_old() does. No decision depends on them.
  void drop_old(std::size_t keep) { history_.drop_old(keep); }
  // The history of one process of the task.
  const ProcessHistory& past(ProcessIndex p) const { return history_.process(slots_[p]); }
  TaskState state() const { return history_.state(); }
  // Returns whether the task has ended, or this runner has stood down.
  bool done() const { return finished_; }
  bool yields() const { return yield_by_.has_value(); }
  // Returns whether a run of the process, or its launch, is or may be alive.
  bool under_way(ProcessIndex p) const { return launches_.is_live(p); }
  // Returns the processes with a live run that may say something (sd_notify(3)). A host that is not
  // told when a stream changes reads their streams before TimerDue: a run whose time is over may
  // have asked for more.
  std::vector<ProcessIndex> may_have_said() const;
  // Returns whether the process waits to be launched, as far as the record tells.
  bool wants_launch(ProcessIndex p) const {
    return under_way(p) && past(p).current()->state == ProcessState::Waiting;
  }
  // Returns whether the process has finished, and nothing can make it run again in this task: no
  // other run of it can have begun, not even one whose records were lost. A replacement of the
  // configuration, which may define it anew, is on the disk before a run by it begins.
  bool finished(ProcessIndex p) const {
    constexpr auto kFinished = Planner::Mark::Finished;
    return regular_.mark(p) == kFinished || final_.mark(p) == kFinished;
  }

  // The number of processes in each state in the current stage, for the live line.
  struct Counts {
    std::uint32_t running = 0;
    std::uint32_t done = 0;
    std::uint32_t failed = 0;
    std::uint32_t waiting = 0;  // runnable, but held by min_duration or max_concurrency
    std::uint32_t blocked = 0;
    std::optional<Microseconds> next_start;  // boot time at which the next waiting one may start
  };
  Counts counts(Timestamp now);

 private:
  void on(const Lead& event);
  void on(const CoordinatorRecord& event);
  void on(const CoordinatorGone& event);
  void on(const Swept& event);
  void on(const LaunchFailed& event);
  void on(const LaunchCancelled& event);
  void on(const CoordinatorReport& event);
  void on(const ProbeAnswered& event);
  void on(const ShortageChanged& event);
  void on(const TimerDue& event);
  void on(const PoolTurn& event);
  void on(const KillRequest& event);
  void on(const YieldRequest& event);
  void on(const OrderRequest& event);
  void on(const NodeUp& event);
  void on(const NodeDown& event);
  void on(const NodeGone& event);

  // These restore the state of an earlier runner from the history.
  void restore(TaskPlanner& plan);
  void restore_behind(TaskPlanner& plan, const std::vector<bool>& restored);
  void restore_process(TaskPlanner& plan, ProcessIndex p);
  void restore_deadline();
  void restore_orders();
  // Appends the WAITING before a FORKED that has none because a power cut took it.
  void restore_waiting(ProcessIndex p, const ProcessStatus& forked);

  void advance();
  void advance_active();
  void advance_cleaning();
  void advance_finalizing();
  void advance_yielding();
  void schedule(TaskPlanner& plan);
  void retry_launches();
  void check_repeat(ProcessIndex p, const ProcessStatus& status);
  void heard_of(ProcessIndex p, ProcessState state);
  void start(ProcessIndex p);
  void take(ProcessIndex p, LaunchEvent event);
  void refuse(ProcessIndex p, LaunchEvent event);
  void launch_came_to_nothing(ProcessIndex p, LaunchEvent event);
  void cancel(ProcessIndex p);
  void ended(ProcessIndex p);

  // Nodes (runner_nodes.cc).
  void refuse_cut_off();
  void restore_places();
  void restore_clock(ProcessIndex p);
  bool is_out_of_reach(ProcessIndex p) const;
  void give_time_to_end(ProcessIndex p);
  void restore_place(ProcessIndex p, std::string_view node);
  void launch(ProcessIndex p);
  void place();
  bool call_off_unplaced(ProcessIndex p);
  bool is_on(ProcessIndex p, std::string_view node) const;

  // Yielding (runner_yield.cc).
  void record_place();
  void yield(ProcessIndex p);
  std::uint8_t signal_to_end(ProcessIndex p) const;
  bool hold_back(ProcessIndex p, const ProcessStatus& status);
  bool held_back(ProcessIndex p) const { return p < is_held_back_.size() && is_held_back_[p]; }
  void take_held_back(Microseconds until);
  void take_record(ProcessIndex p, ProcessStatus status);
  bool lacks_time(ProcessIndex p) const;
  void yield_for_lack_of_time();

  void leave_active(TaskState goal, Microseconds wait, std::string_view reason);
  bool over_deadline();
  void stop_all(bool hard);
  void stop(ProcessIndex p, bool hard);
  void tell_plan(ProcessIndex p, Verb verb);
  void end_by_order(ProcessIndex p);
  void end_overdue();
  void fail(ProcessIndex p, std::string_view reason);
  void report(ProcessIndex p, ReportKind kind, Timestamp at, std::string_view text, bool durable);
  void ask_the_unready();
  void ask_the_healthy();
  void found_ready(ProcessIndex p, Timestamp at, std::string_view text);
  void heard_of_health(const ProbeAnswered& event);
  // watch() begins to watch the limits and questions of the run of `p`, as on record,
  // watch_launch() those of its launch. forget() ends that.
  void watch(ProcessIndex p);
  void watch_launch(ProcessIndex p);
  void forget(ProcessIndex p);
  LimitTimes times_of(ProcessIndex p) const;
  std::optional<Microseconds> kill_time(ProcessIndex p) const;
  Microseconds kill_time_of_order(ProcessIndex p) const;
  void kill_overdue();
  void finish();
  void set_timer();

  bool durable(ProcessIndex p, ProcessState state);
  void append(const Record& record, bool durable);
  void append_process(ProcessIndex p, ProcessState state, Origin origin, std::string_view reason);
  void count_failures(ProcessIndex p, ProcessStatus& status) const;
  void count_kills(ProcessIndex p, ProcessStatus& status);
  void count_run(ProcessIndex p, Microseconds end, Microseconds wait);
  TaskStatus task_status(TaskState state, std::string_view reason) const;
  void append_task(TaskState state, std::string_view reason);
  std::string_view keep(std::string_view text);

  // Returns whether the coordinator of `p` is dead, or is of another boot of this machine, or the
  // end of the run is known and held back. REQUIRES: its run is FORKED on record.
  bool gone(ProcessIndex p) const;
  // Returns the current run, if it has this number; nullptr for an event of an earlier run.
  const Run* live_run(ProcessIndex p, std::uint32_t number) const;
  // Returns whether the task is FINALIZING and only ephemeral processes are left. They are killed.
  bool finalizers_over() const;
  // Returns whether the run of `p` is to end because of the task's state or a yield, or, while the
  // task is ACTIVE, because of an order.
  bool stopping(ProcessIndex p) const;
  // Returns whether stopping(p), or an order ends the run, which may be a finalizer's.
  bool is_ending(ProcessIndex p) const;
  TaskPlanner& plan_of(ProcessIndex p) { return regular_.has(p) ? regular_ : final_; }

  const TaskConfig& task_;
  History history_;
  TaskPlanner regular_;
  TaskPlanner final_;
  std::vector<std::uint32_t> slots_;  // the index of each process in history_
  NameIndex by_name_;
  Launches launches_;
  Timeouts timeouts_;
  Readiness readiness_;
  Health health_;
  Placement placement_;
  Lead self_;
  TaskState goal_ = TaskState::Success;
  std::optional<Timestamp> deadline_;  // since the task left ACTIVE
  bool overrun_ = false;   // the deadline passed: everything is killed, no finalizer starts
  bool finished_ = false;  // the task has ended, or this runner has stood down
  // Set if the task yields: the boot time of SIGKILL for all that is left.
  std::optional<Microseconds> yield_by_;
  // The end of a run that did not succeed, held back until it is known who ended it.
  struct HeldBack {
    ProcessIndex process = 0;
    ProcessStatus status;  // its reason is the text below
    std::string reason;
    Microseconds until = 0;  // boot time
  };
  static constexpr Microseconds kAll = std::numeric_limits<Microseconds>::max();
  std::deque<HeldBack> held_back_;          // in order of time
  std::vector<bool> is_held_back_;          // by process; empty: none was ever held back
  std::optional<Microseconds> time_until_;  // boot time: the machine is the task's until then
  std::uint32_t untimely_ = 0;              // how many processes do not start for lack of time
  // For the runs on nodes that were found at the resume: how far our boot clock is ahead of that of
  // the leader that recorded what was known of the run then.
  struct OtherClock {
    std::uint32_t run = 0;
    Microseconds shift = 0;
    bool started = false;
    std::optional<Timestamp> extended_at;
    std::optional<Timestamp> ending_at;
  };
  std::map<ProcessIndex, OtherClock> other_clocks_;
  // The processes that were told to end while their node could not be reached: the signal has not
  // reached them yet.
  std::set<ProcessIndex> untold_;
  bool listening_ = false;  // at a resume, until all that happened meanwhile has been told
  Timestamp now_;
  std::optional<Microseconds> timer_;
  std::vector<Effect> effects_;
  std::deque<std::string> texts_;  // what views in effects_ borrow
  std::optional<Error> error_;
};

}  // namespace thermos
