#include "node_servers.h"

#include <memory>
#include <utility>

#include "node_carrier.h"

namespace thermos::sim {

NodePipePtr NodeServers::start(NodeHearer& leader, NodeMachine& machine, std::uint64_t lead) {
  auto pipe = std::make_shared<NodePipe>();
  pipe->leader = &leader;
  pipe->node = &machine;
  pipe->lead = lead;
  pipes_.down(pipe, [this, pipe](NodeMachine& /*machine*/) { claims_.ask(pipe); });
  return pipe;
}

void NodeServers::die(NodePipePtr pipe) {  // NOLINT(performance-unnecessary-value-param)
  if (NodeMachine* machine = pipe->node) claims_.forget(*machine, pipe);
}

void NodeServers::all_die(NodeMachine& machine) {
  const std::vector<NodePipePtr> waiting = std::exchange(machine.waiting, {});
  for (const NodePipePtr& pipe : waiting) claims_.forget(machine, pipe);
  if (machine.server) claims_.forget(machine, NodePipePtr(machine.server));
}

// ---- what runs there ---------------------------------------------------------------------------

void NodeServers::adopt(const NodePipePtr& pipe, ProcessIndex p, std::uint32_t run,
                        std::uint64_t next_seq) {
  pipes_.down(pipe, [this, pipe, p, run, next_seq](NodeMachine& machine) {
    take_over(pipe, machine, p, run, next_seq);
  });
}

void NodeServers::take_over(const NodePipePtr& pipe, NodeMachine& machine, ProcessIndex p,
                            std::uint32_t run, std::uint64_t next_seq) {
  const Place& place = machine.places[p];
  pipe->reads.insert(p);
  for (const ProcessStatus& status : place.stream) {
    if (status.seq >= next_seq) coordinators_.relay(machine, p, status);
  }
  if (!place.locked) {
    files_.tell(pipe, p, [p, run](NodeHearer& leader) {
      leader.feed(CoordinatorGone{p, run, false});
    });
  }
}

void NodeServers::look_beside(const NodePipePtr& pipe, std::vector<std::uint64_t> seqs) {
  pipes_.down(pipe, [this, pipe, seqs = std::move(seqs)](NodeMachine& machine) {
    for (const auto& [p, place] : machine.places) {
      if (place.stream.empty() || place.stream.back().seq < seqs[p]) continue;
      if (seqs[p] != ~std::uint64_t{0})
        take_over(pipe, machine, p, place.stream.back().run, seqs[p]);
    }
    pipes_.up(pipe, [pipe](NodeHearer& leader) { leader.told(pipe, node::Told{}); });
  });
}

void NodeServers::launch(const NodePipePtr& pipe, const StartProcess& start) {
  pipes_.down(pipe, [this, pipe, start](NodeMachine& machine) { begin(pipe, machine, start); });
}

void NodeServers::begin(const NodePipePtr& pipe, NodeMachine& machine, const StartProcess& start) {
  const ProcessIndex p = start.process;
  const Place& place = machine.places[p];
  // The lock is held: by the coordinator of this run, or of the one before, which is waited for.
  if (place.locked && place.run == start.run) {
    return take_over(pipe, machine, p, start.run, start.seq);
  }
  if (place.locked) {
    around_.timeline.after(10 * kMs, [this, pipe, start] {
      if (pipe->node != nullptr) begin(pipe, *pipe->node, start);
    });
    return;
  }
  if (!place.stream.empty() && place.stream.back().seq >= start.seq) {
    return take_over(pipe, machine, p, start.run, start.seq);
  }
  if (around_.random.chance(5)) {
    return files_.tell(pipe, p, [p, run = start.run](NodeHearer& leader) {
      leader.feed(LaunchFailed{p, run, true, "no pids"});
    });
  }
  pipe->reads.insert(p);
  coordinators_.launch(machine, p, start.run, start.seq);
}

void NodeServers::stop(const NodePipePtr& pipe, ProcessIndex p, std::uint32_t run) {
  pipes_.down(pipe, [this, p, run](NodeMachine& machine) { coordinators_.stop(machine, p, run); });
}

void NodeServers::sweep(const NodePipePtr& pipe, const Sweep& sweep) {
  pipes_.down(pipe, [this, pipe, sweep](NodeMachine& machine) {
    coordinators_.sweep(machine, sweep.process);
    pipes_.up(pipe, [sweep](NodeHearer& leader) { leader.feed(Swept{sweep.process, sweep.run}); });
  });
}

void NodeServers::clean(const NodePipePtr& pipe) {
  pipes_.down(pipe, [this, pipe](NodeMachine& machine) {
    coordinators_.clean(machine);
    pipes_.up(pipe, [pipe](NodeHearer& leader) { leader.told(pipe, node::Cleaned{}); });
  });
}

void NodeServers::send(const NodePipePtr& pipe, const nodes::FileMessage& message) {
  pipes_.down(pipe, [pipe, message](NodeMachine& /*machine*/) {
    if (pipe->files) pipe->files->take(message);
  });
}

}  // namespace thermos::sim
