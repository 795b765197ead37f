// One node's part of a task. Launches and ends the runs that the task's leader wants here, with the
// same state machines as the leader's own (reactor/host/coordinator_links.h), and tells the leader
// what becomes of them. The leader alone decides what runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capnp/nodes.h"
#include "core/record/history.h"
#include "reactor/host/coordinator_links.h"
#include "reactor/host/probes.h"
#include "reactor/host/reactor.h"
#include "reactor/host/run_control_groups.h"
#include "reactor/host/task_setup.h"
#include "reactor/node/node_cleaning.h"
#include "reactor/pipe/file_carrier.h"
#include "reactor/pipe/frame_pipe.h"

namespace thermos {

class NodeHost : public TurnParticipant, private LinkedTask {
 public:
  // `reactor` and `pipe` outlive this. `setup.node` is this node, and `setup.paths` are this
  // node's. The checkpoint directory exists. `user` is the task's user. `over` is called at the end
  // of a turn when the leader has sent Finish and nothing is left, or when this can't go on.
  NodeHost(Reactor& reactor, FramePipe& pipe, TaskSetup setup, FileOwner user,
           std::function<void()> over);
  ~NodeHost() override;

  // Takes a message that the leader sent after the configuration. Fails with Corrupt for a message
  // that can't come, or that names a process which the task does not have.
  Status take(nodes::ToNode message);
  // Continues to send files, because the pipe has room again.
  void room() { files_.room(); }

  std::vector<GroupSync::File> write_turn() override { return {}; }
  void turn_synced(std::span<const GroupSync::File> /*files*/) override {}
  void end_turn() override;
  void fork_server_died() override;
  bool coordinator_cannot_write(pid_t pid, int error_number) override;

 private:
  // LinkedTask
  Status handle(const Event& event) override;
  const ProcessHistory& past(ProcessIndex p) const override;
  bool wants_launch(ProcessIndex p) const override {
    return past(p).live() && past(p).current()->state == ProcessState::Waiting;
  }
  void coordinator_left() override { reactor_.mark_dirty(this); }
  void stop(Error error) override;
  void stop_without_checkpoints() override;
  bool stopped() const override { return stopped_; }
  bool settle_record() override { return true; }  // the record is the leader's

  Status on(const nodes::KnownRun& run);
  Status on(const nodes::Seqs& seqs);
  Status on(const nodes::Listed& listed);
  Status on(const nodes::Start& start);
  Status on(const nodes::Stop& stop);
  Status on(const Sweep& sweep);
  Status on(const Look& look);
  Status on(const Probe& probe);
  Status on(const nodes::Clean& clean);
  Status on(const nodes::Finish& finish);
  static Status on(const nodes::Hello& hello);
  static Status on(const nodes::Configuration& part);
  template <typename FileMessage>
  static Status on(const FileMessage& /*message*/) {
    return Done{};  // the carrier has taken it
  }

  bool has(ProcessIndex p) const { return p < setup_.task->processes.size(); }
  Status know(const nodes::KnownRun& run);
  void find_others();
  void look_beside(ProcessIndex p, std::uint64_t next_seq);
  void say(const nodes::FromNode& message);
  void say_of(ProcessIndex p, nodes::FromNode message);
  void relay(ProcessIndex p, const ProcessStatus& status);
  FileCarrier::Hooks hooks();
  void carried(const carry::Over& over);
  void leave_files_of_killed();
  void tell_held(ProcessIndex p);
  void on_directory_event(std::string_view name);

  Reactor& reactor_;
  FramePipe& pipe_;
  const TaskSetup setup_;
  std::function<void()> over_;
  TaskGroups groups_;
  std::unique_ptr<CoordinatorLinks> links_;
  std::optional<Probes> probes_;
  std::unique_ptr<NodeCleaning> cleaning_;
  std::unordered_map<std::string_view, ProcessIndex> index_;  // by name, views into the task
  // The records of each process's current run: those that the leader sent, and those that came
  // since. Each is a history of one process.
  std::unordered_map<ProcessIndex, History> pasts_;
  std::vector<std::uint64_t> next_seqs_;  // the leader's sequence numbers, until Listed
  // The success of a run and the messages that follow it, which wait until the files that the run
  // made are with the leader.
  std::unordered_map<ProcessIndex, std::vector<nodes::FromNode>> held_;
  std::unordered_map<ProcessIndex, std::uint32_t> killed_;  // the run that was told to die
  bool rests_ = false;  // files can't be carried for now, and the log says so
  int watch_ = -1;
  bool finishing_ = false;
  bool stopped_ = false;
  bool done_ = false;
  FileCarrier files_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
