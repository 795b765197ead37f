// The files of each node's end of its pipe: a server takes what its runs need, and tells of a
// success when the files that the run made are with the leader, as NodeHost does.
#pragma once

#include <functional>

#include "core/record/record.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_surroundings.h"

namespace thermos::sim {

class NodeFiles {
 public:
  // Both outlive this.
  NodeFiles(NodeSurroundings& around, NodePipes& pipes) : around_(around), pipes_(pipes) {}

  // The server behind `pipe` has its node.
  void open(NodeMachine& machine, const NodePipePtr& pipe);
  // Tells the leader of a record of a process, or of something else of it, in this order.
  void tell(const NodePipePtr& pipe, ProcessIndex p, const ProcessStatus& status);
  void tell(const NodePipePtr& pipe, ProcessIndex p, std::function<void(NodeHearer&)> message);

 private:
  NodeSurroundings& around_;
  NodePipes& pipes_;
};

}  // namespace thermos::sim
