// Who serves a node: each server claims it by the lock of one file, as NodeClaim does, and the rule
// (core/runner/node_claim_rule.h) is the real one.
#pragma once

#include <cstdint>

#include "node_files.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_surroundings.h"

namespace thermos::sim {

class NodeClaims {
 public:
  // All outlive this.
  NodeClaims(NodeSurroundings& around, NodePipes& pipes, NodeFiles& files);

  // The server behind `pipe` starts, and asks for its node. Its leader is told Welcomed, or that it
  // is refused.
  void ask(const NodePipePtr& pipe);
  // Its process is gone.
  void forget(NodeMachine& machine, const NodePipePtr& pipe);

 private:
  void judge(NodeMachine& machine, const NodePipePtr& pipe);
  void take(NodeMachine& machine, const NodePipePtr& pipe);
  void hang_up(NodeMachine& machine, const Identity& server);
  // It reads nothing more, and gives the lock back.
  void give_up(NodeMachine& machine, const NodePipePtr& pipe);

  NodeSurroundings& around_;
  NodePipes& pipes_;
  NodeFiles& files_;
  std::int32_t pids_ = 1000;
};

}  // namespace thermos::sim
