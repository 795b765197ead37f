// One task on a loop: the shell around core's state machine. It turns what happens (records, exits,
// timers, requests) into events, and effects into appends, launches and signals.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/runner/runner.h"
#include "core/task/graph.h"
#include "reactor/host/foreground.h"
#include "reactor/host/launch_shortage.h"
#include "reactor/host/leader_socket.h"
#include "reactor/host/reactor.h"
#include "reactor/host/requests.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_observer.h"
#include "reactor/host/task_setup.h"
#include "reactor/launch/launch_site.h"
#include "reactor/store/compaction.h"
#include "reactor/store/stream_file.h"

namespace thermos {

class TaskHost : public TurnParticipant {
 public:
  // Called once, at the end of a turn, when the task has ended or this host can lead it no longer
  // (its stream failed: the task's processes go on, and the next leader takes over from there).
  using OnEnd = std::function<void(const Result<TaskState>&)>;

  // Takes the lead: locks the task's stream, replays it, and takes over what lives. A task that is
  // new is created. Errors as run_in_foreground(). All arguments by reference outlive the host.
  static Result<std::unique_ptr<TaskHost>> lead(Reactor& reactor, const TaskSetup& place,
                                                SyncMode sync, TaskObserver& observer,
                                                OnEnd on_end);
  ~TaskHost() override;

  void kill(const KillRequest& request, std::string reason);
  // Gives an order to one process. NotFound: the task has none of that name; Usage: it can't be
  // obeyed, and why. Nothing more is said: it is on record, and lasts at the end of the turn.
  Status order(const OrderRequest& request, std::string reason);

  const TaskSetup& place() const { return place_; }
  // What is on record so far.
  const History& history() const { return runner_->history(); }

  void end_turn() override;
  void fork_server_died() override;
  bool coordinator_cannot_write(pid_t pid, int error_number) override;

 private:
  // What stands between the state machine and one process's coordinator.
  struct Line {
    enum class Phase : std::uint8_t {
      Idle,        // no coordinator
      Sent,        // handed to the fork server, not heard of since
      Unanswered,  // the fork server died with it: cloned without an answer, or never
      Alive,       // a coordinator lives, or has not been reaped yet
    };
    Phase phase = Phase::Idle;
    std::uint32_t run = 0;
    Identity coordinator;  // pid 0: not known yet
    bool ours = false;     // our child: its end comes by SIGCHLD
    StreamPosition position;
    Descriptor reader;
    bool troubled = false;  // its coordinator can't write, and that was said or need not be
    bool unread = false;    // the stream is there, and could not be opened just now
    Descriptor pidfd;       // of an adopted coordinator
    std::unique_ptr<Poll> pidfd_poll;
    std::optional<StartProcess> deferred;    // the next run, until this coordinator is reaped
    std::optional<Deadlines::Key> timer;     // a look at the lock, or an end to patience
    std::optional<Microseconds> overdue_at;  // of a launch that is to end by force and isn't there
  };

  TaskHost(Reactor& reactor, const TaskSetup& place, Graph graph, SyncMode sync,
           TaskObserver& observer, OnEnd on_end);

  // In task_lead.cc.
  Result<History> open_task();
  Status make_task(bool durable);
  Status check_same_task();
  void take_lead(History history);
  void take_over(const std::vector<ProcessIndex>& live, bool rebooted);
  std::vector<ProcessIndex> recorded_beside(const std::vector<ProcessIndex>& live) const;

  void dispatch(const Event& event);
  // What the state machine refuses, nothing having changed. A failure of our own stream stops the
  // task here and is none.
  Status handle(const Event& event);
  void release(const Effect& effect);
  void stop(Error error);
  void stop_without_checkpoints();
  void report(Result<TaskState> result);

  // Between two looks at what nothing tells of.
  static constexpr Microseconds kLookAgain = kSecond / 20;

  void launch(const StartProcess& start);
  void send_launch(const StartProcess& start, Line& line, StreamWriter writer);
  void launch_failed(const StartProcess& start, const LaunchError& trouble);
  // Its run is to start, and has no coordinator that spoke yet.
  bool waits_for_launch(ProcessIndex p) const;
  void answered(ProcessIndex p, std::uint32_t run, const Launched& launched);

  // In task_watch.cc.
  void adopt(ProcessIndex p, bool rebooted);
  // Its stream says that a launch of ours came to life, whatever the fork server said.
  void born(ProcessIndex p, Line& line);
  // It wrote, or is gone.
  void relieved(Line& line);
  void watch_coordinator(ProcessIndex p, Line& line);
  void look_at_lock(ProcessIndex p);
  void gone(ProcessIndex p, std::uint32_t run);
  // Takes what a stream holds beyond what was read. False: the task stopped over it. Where it can't
  // be opened for want of something, `unread` says so: then nothing may be made of its silence.
  bool read_line(ProcessIndex p, Origin origin);
  bool must_read_line(ProcessIndex p, Origin origin);

  void compact_if_long();
  void signal(ProcessIndex p, std::uint32_t run, bool hard);
  void send(const Identity& coordinator, int number);
  void sweep(const Sweep& effect);
  void set_timer(const SetTimer& effect);
  void finish_if_quiet();

  // In task_groups.cc.
  ProcessGroups::Name group_name(ProcessIndex p, std::uint32_t run) const;
  Descriptor make_group(ProcessIndex p, std::uint32_t run);
  void remove_group(ProcessIndex p, std::uint32_t run) const;
  // Empty: there are no groups.
  std::string group_path(ProcessIndex p, std::uint32_t run) const;
  // Of all runs but those that are under way.
  void clear_groups() const;

  void on_directory_event(std::string_view name, std::uint32_t mask);
  void read_all_lines();

  Line& line_of(ProcessIndex p);
  std::string stream_path(ProcessIndex p) const;
  const ProcessHistory& past(ProcessIndex p) const;

  Reactor& reactor_;
  TaskSetup place_;
  Graph graph_;
  SyncMode sync_;
  TaskObserver& observer_;
  OnEnd on_end_;
  std::optional<StreamWriter> writer_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<LaunchSite> site_;
  LaunchShortage shortage_;
  std::unique_ptr<LeaderSocket> leader_;
  std::unordered_map<ProcessIndex, std::unique_ptr<Line>> lines_;
  std::unordered_map<std::string_view, ProcessIndex> index_;  // by name, views into the task
  std::uint32_t busy_lines_ = 0;
  std::uint32_t troubled_lines_ = 0;
  std::vector<Effect> pending_;
  bool must_sync_ = false;
  std::size_t records_ = 0;  // in the stream, about
  std::size_t compact_at_ = kLongStream;
  // Callbacks that can outlive this host hold a weak pointer to it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool stopped_ = false;
  bool checkpoints_gone_ = false;
  std::optional<TaskState> finishing_;
  std::optional<Result<TaskState>> result_;
  int watch_ = -1;
  std::optional<Deadlines::Key> timer_;
  std::optional<Deadlines::Key> redraw_;
};

}  // namespace thermos
