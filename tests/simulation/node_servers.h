// The nodes' servers, and what each does there for its leader.
#pragma once

#include <cstdint>
#include <vector>

#include "node_claims.h"
#include "node_coordinators.h"
#include "node_files.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_surroundings.h"

namespace thermos::sim {

class NodeServers {
 public:
  // All outlive this.
  NodeServers(NodeSurroundings& around, NodePipes& pipes, NodeFiles& files, NodeClaims& claims,
              NodeCoordinators& coordinators)
      : around_(around),
        pipes_(pipes),
        files_(files),
        claims_(claims),
        coordinators_(coordinators) {}

  // Starts one for leader number `lead`, and returns the pipe to it.
  NodePipePtr start(NodeHearer& leader, NodeMachine& machine, std::uint64_t lead);
  // By value: what the caller names may be the place that is emptied here.
  void die(NodePipePtr pipe);
  // With its machine.
  void all_die(NodeMachine& machine);

  // What a leader sends. A message to a server that reads nothing more is lost.
  void adopt(const NodePipePtr& pipe, ProcessIndex p, std::uint32_t run, std::uint64_t next_seq);
  // The sequence numbers of all processes; ~0: it was told of by itself.
  void look_beside(const NodePipePtr& pipe, std::vector<std::uint64_t> seqs);
  void launch(const NodePipePtr& pipe, const StartProcess& start);
  void stop(const NodePipePtr& pipe, ProcessIndex p, std::uint32_t run);
  void sweep(const NodePipePtr& pipe, const Sweep& sweep);
  void clean(const NodePipePtr& pipe);
  void send(const NodePipePtr& pipe, const nodes::FileMessage& message);

 private:
  void take_over(const NodePipePtr& pipe, NodeMachine& machine, ProcessIndex p, std::uint32_t run,
                 std::uint64_t next_seq);
  void begin(const NodePipePtr& pipe, NodeMachine& machine, const StartProcess& start);

  NodeSurroundings& around_;
  NodePipes& pipes_;
  NodeFiles& files_;
  NodeClaims& claims_;
  NodeCoordinators& coordinators_;
};

}  // namespace thermos::sim
