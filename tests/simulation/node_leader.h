// Simulates the leader of a task over nodes: the executor of a runner and its nodes' links, as
// TaskHost and TaskNodes are.
#pragma once

#include <cstdint>
#include <deque>

#include "core/runner/node_link.h"
#include "core/runner/runner.h"
#include "lifetime.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_servers.h"
#include "node_surroundings.h"

namespace thermos::sim {

class NodeLeader final : private NodeHearer {
 public:
  // `lead` is its number. All references outlive this.
  NodeLeader(NodeSurroundings& around, NodeServers& servers, std::deque<NodeMachine>& machines,
             History history, std::uint64_t lead);
  ~NodeLeader();
  NodeLeader(const NodeLeader&) = delete;
  NodeLeader& operator=(const NodeLeader&) = delete;

  void begin();
  // Somebody says that the node is gone, or there again.
  void call(const NodeMachine& machine, bool gone);

  const Runner& runner() const { return runner_; }
  bool finished() const { return finished_; }
  NodePipePtr pipe_to(const NodeMachine& machine) const;

 private:
  struct Node {
    NodeMachine* machine;
    NodeLink link;
    NodePipePtr pipe;
    std::uint64_t timer;
    std::uint64_t question;
  };

  void refused() override;
  void told(const NodePipePtr& pipe, const node::Event& event) override;
  void record(const NodePipePtr& pipe, ProcessIndex p, const ProcessStatus& status) override;
  void feed(const Event& event) override;

  static void drop(Node& node);
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
  void stop(ProcessIndex p, std::uint32_t run);

  NodeSurroundings& around_;
  NodeServers& servers_;
  std::uint64_t lead_;
  History replayed_;
  Runner runner_;
  std::deque<Node> nodes_;
  bool finished_ = false;
  std::uint64_t timer_ = 0;
  Lifetime life_;
};

}  // namespace thermos::sim
