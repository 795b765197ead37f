// One task on a loop: the shell around core's state machine. It turns records, exits, timers and
// requests into events, and effects into appends, launches and signals.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/name_index.h"
#include "core/runner/replacing.h"
#include "core/runner/runner.h"
#include "core/task/graph.h"
#include "reactor/host/coordinator_links.h"
#include "reactor/host/leader_socket.h"
#include "reactor/host/new_task_file.h"
#include "reactor/host/order_words.h"
#include "reactor/host/probes.h"
#include "reactor/host/reactor.h"
#include "reactor/host/run_control_groups.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_nodes.h"
#include "reactor/host/task_observer.h"
#include "reactor/host/task_setup.h"
#include "reactor/store/compaction.h"
#include "reactor/store/replacement_file.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

class TaskHost : public TurnParticipant, private LinkedTask {
 public:
  // Called once, at the end of a turn: with the final state when the task has ended, with a state
  // that is not terminal when it has yielded, or with an error when this host has stopped leading
  // it (its stream failed, for example). After an error the task's processes continue, and the next
  // leader takes over.
  using OnEnd = std::function<void(const Result<TaskState>&)>;

  // Takes the lead: locks the task's stream, replays it, and takes over the live runs. Creates the
  // task if it is new. Fails as run_in_foreground() does. All arguments by reference outlive the
  // host.
  static Result<std::unique_ptr<TaskHost>> lead(Reactor& reactor, TaskSetup setup, SyncMode sync,
                                                TaskObserver& observer, OnEnd on_end);
  ~TaskHost() override;

  // Makes the task end. Returns at once; `on_end` is called with the result.
  void kill(const KillRequest& request);
  // Makes this host end the runs under way and stop leading the task, which goes on under its next
  // leader. Returns at once; `on_end` is called when that is done.
  void yield(const YieldRequest& request);
  // Gives an order to the processes that it is for, and returns their names. `words` were read for
  // setup().task, and are done(). Fails as ordered_processes() does, or with System once this host
  // has stopped leading the task. On success the order is on record, and durable at the end of the
  // turn. No callback reports that it was carried out.
  Result<std::vector<std::string>> order(const OrderRequest& request, const OrderWords& words);

  // Gives the task another configuration. Processes that it defines as before are not touched.
  // Processes that it changes or removes are stopped; then the new configuration takes the place of
  // the old one, on record. If this leader crashes meanwhile, the next leader goes on with the
  // replacement. `done` is called once: when the new configuration is in place, inside this call if
  // nothing differs, or with the error that prevented it (the task has ended meanwhile, or this
  // host has stopped leading it). Fails with Usage if the task is ending, Busy if another
  // replacement is under way, or System; then nothing has changed, and `done` is not called.
  // REQUIRES: `task` passes check_task().
  using Replaced = std::function<void(const Status&)>;
  Status replace(TaskConfig task, std::string reason, Replaced done);

  // Takes a person's word that a node of the task is gone, or is back. Fails with NotFound if the
  // task has no such node, or with System once this host has stopped leading the task.
  Status call_node(const std::string& node, bool gone, const std::string& reason);

  const TaskSetup& setup() const { return setup_; }
  // All records so far.
  const History& history() const { return runner_->history(); }

  std::vector<GroupSync::File> write_turn() override;
  void turn_synced(std::span<const GroupSync::File> files) override;
  void end_turn() override;
  void fork_server_died() override;
  bool coordinator_cannot_write(pid_t pid, int error_number) override;

 private:
  TaskHost(Reactor& reactor, TaskSetup setup, Graph graph, SyncMode sync, TaskObserver& observer,
           OnEnd on_end);

  // Makes the members that depend on the configuration.
  void equip();
  std::optional<ProcessIndex> find(std::string_view process) const;
  void take_lead(History history);
  // Makes the runner and the links of the configuration that the task has, and takes over what
  // runs. `leads_already`: with another configuration than before.
  void go_on(History history, bool leads_already, std::optional<Replacement> replacement);
  void take_over(const std::vector<ProcessIndex>& live, bool rebooted);
  std::vector<ProcessIndex> with_stream(const std::vector<ProcessIndex>& processes) const;

  void dispatch(const Event& event);
  void release(const Effect& effect);
  void report(Result<TaskState> result);
  // Writes the records that were appended in this turn, and tells the observer of them.
  Status write_records();
  // Carries out the pending effects, after the records that were appended before them are written.
  void commit();
  // Whether the written records must be synced before any pending effect is carried out.
  bool must_reach_disk() const;
  // Syncs the written records.
  void sync_record();

  // Called when the renaming of a new task's file is durable, or has failed.
  void placed(const Status& named);
  void fail_placing(Error error);

  void begin_replacing(PendingReplacement pending, bool task_written);
  void go_on_replacing();
  void stop_what_is_replaced();
  void write_next_task();
  void lead_with_next_task();
  void end_replacing(const Status& result);

  // LinkedTask: called by the coordinators' links.
  Status handle(const Event& event) override;
  const ProcessHistory& past(ProcessIndex p) const override { return runner_->past(p); }
  bool wants_launch(ProcessIndex p) const override { return runner_->wants_launch(p); }
  void coordinator_left() override { finish_if_quiet(); }
  void stop(Error error) override;
  void stop_without_checkpoints() override;
  bool stopped() const override { return stopped_; }
  bool settle_record() override;
  // Checks whether another leader has written to the task's stream, and if so stops this host.
  // Returns false if this host has stopped.
  bool leads();

  void compact_if_long();
  void sweep(const Sweep& effect);
  void set_timer(const SetTimer& effect);
  void finish_if_quiet();
  void end(TaskState state);
  // Removes the control groups of all runs except the runs under way.
  void clear_groups() const;
  void on_directory_event(std::string_view name, std::uint32_t mask);

  Reactor& reactor_;
  TaskSetup setup_;
  Graph graph_;
  SyncMode sync_;
  TaskObserver& observer_;
  OnEnd on_end_;
  std::optional<StreamWriter> writer_;
  // For a new task, until its file is in place; no record is written before.
  std::optional<TaskPlacing> placing_;
  std::unique_ptr<Runner> runner_;
  bool notified_ = false;  // inotify watches the checkpoint directory
  std::optional<TaskGroups> groups_;
  std::unique_ptr<LeaderSocket> leader_;
  std::unique_ptr<CoordinatorLinks> links_;
  std::optional<NodeStarter> starter_;  // only for a task with nodes
  std::unique_ptr<TaskNodes> nodes_;
  bool nodes_begin_ = false;  // nodes_->begin() is to be called at the end of this turn
  std::optional<Probes> probes_;
  NameIndex names_;  // from the processes' names to their indices
  std::vector<Effect> pending_;
  // The positions and payloads of records that are not written yet. Records without a position are
  // left out.
  std::vector<std::pair<std::uint64_t, std::vector<std::byte>>> appended_;
  std::optional<Replacing> replacing_;
  std::optional<TaskConfig> next_task_;  // that the task gets by the replacement
  Graph next_graph_;                     // of next_task_, from write_next_task() on
  Replaced replaced_;
  // Coordinators that became our children before the configuration was replaced. The new links take
  // them for adopted ones.
  std::vector<Identity> adopted_children_;
  bool must_sync_ = false;
  bool pool_turn_ = false;   // the runner is to get a PoolTurn at the end of this turn
  std::size_t records_ = 0;  // in the stream, approximately
  std::size_t compact_at_ = kLongStream;
  // Callbacks that can outlive this host hold a weak pointer to it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool stopped_ = false;
  bool checkpoints_gone_ = false;
  std::optional<TaskState> finishing_;
  bool standing_down_ = false;
  std::optional<Result<TaskState>> result_;
  int watch_ = -1;
  std::optional<Deadlines::Key> timer_;
  std::optional<Deadlines::Key> redraw_;
  std::optional<Deadlines::Key> replace_again_;
};

}  // namespace thermos
