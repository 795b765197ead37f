// Simulates the leader of a task over nodes: the executor of a runner and its nodes' links, as
// TaskHost and TaskNodes are.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "core/runner/node_link.h"
#include "core/runner/runner.h"
#include "lifetime.h"
#include "node_carrier.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_servers.h"
#include "node_surroundings.h"

namespace thermos::sim {

// Where a leader runs. Its clocks are so much ahead of the true time.
struct LeaderHost {
  BootId boot{5, 5};
  Microseconds wall_ahead = 0;
  Microseconds boot_ahead = 0;
};

class NodeLeader final : private NodeHearer {
 public:
  // It has just read `history` from the disk. All references outlive this.
  NodeLeader(NodeSurroundings& around, NodeServers& servers, std::deque<NodeMachine>& machines,
             const LeaderHost& host, History history);
  ~NodeLeader();
  NodeLeader(const NodeLeader&) = delete;
  NodeLeader& operator=(const NodeLeader&) = delete;

  void begin();
  // Somebody says that the node is gone, or there again.
  void call(const NodeMachine& machine, bool gone);

  // It does nothing more until it wakes, and does then what came meanwhile. `in_turn`: it does the
  // next turn, but for what follows from its records.
  void stall(bool in_turn);
  void wake();

  const Runner& runner() const { return runner_; }
  // Whether it knows all that is on record.
  bool is_current() const { return end_ == around_.disk.end(); }
  bool finished() const { return finished_; }
  // It has found out that another leads the task.
  bool stopped() const { return stopped_; }
  NodePipePtr pipe_to(const NodeMachine& machine) const;

 private:
  struct Node {
    NodeMachine* machine = nullptr;
    NodeLink link;
    NodePipePtr pipe;
    std::unique_ptr<NodeCarrier> files;  // as long as there is a pipe
    // Launches that wait until the files are there.
    std::map<ProcessIndex, StartProcess> starts;
    std::uint64_t timer = 0;
    std::uint64_t question = 0;
  };

  void refused() override;
  void told(const NodePipePtr& pipe, const node::Event& event) override;
  void record(const NodePipePtr& pipe, ProcessIndex p, const ProcessStatus& status) override;
  void feed(const Event& event) override;
  void file(const NodePipePtr& pipe, const nodes::FileMessage& message) override;
  void handle(const Event& event);
  void stop(const char* why);
  // Everything that comes to it comes through here.
  void when_awake(Timeline::Action action);
  void after(Microseconds delay, Timeline::Action action);
  Timestamp now() const;

  static void drop(Node& node);
  std::unique_ptr<NodeCarrier> carrier(Node& node);
  void carried(Node& node, const carry::Over& over);
  void start(const StartProcess& start);
  void tell(Node& node, const node::Event& event);
  Node* node_of(ProcessIndex p);
  Node* reached(ProcessIndex p);
  void carry_out(Node& node, const node::StartServer& effect);
  void carry_out(Node& node, const node::DropServer& effect);
  void carry_out(Node& node, const node::AskEngine& effect);
  void carry_out(Node& node, const node::SendRuns& effect);
  void carry_out(Node& node, const node::SendClean& effect);
  void carry_out(Node& node, const node::Arm& effect);
  void carry_out(Node& node, const node::TellUp& effect);
  void carry_out(Node& node, const node::TellDown& effect);
  void carry_out(Node& node, const node::TellGone& effect);
  void carry_out(Node& node, const node::Warn& effect);
  void carry_out(const Effect& effect);
  void end_run(ProcessIndex p, std::uint32_t run);

  NodeSurroundings& around_;
  NodeServers& servers_;
  LeaderHost host_;
  Disk::End end_;
  std::uint64_t lead_;
  History replayed_;
  Runner runner_;
  std::deque<Node> nodes_;
  bool finished_ = false;
  bool stopped_ = false;
  bool stalled_ = false;
  bool stalls_in_turn_ = false;
  std::deque<Timeline::Action> missed_;  // while it stalled
  std::uint64_t timer_ = 0;
  Lifetime life_;
};

}  // namespace thermos::sim
