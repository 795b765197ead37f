#include "node_claims.h"

#include <algorithm>
#include <optional>

#include "core/runner/node_claim_rule.h"

namespace thermos::sim {

NodeClaims::NodeClaims(NodeSurroundings& around, NodePipes& pipes, NodeFiles& files)
    : around_(around), pipes_(pipes), files_(files) {
  pipes_.when_server_learns([this](const NodePipePtr& pipe) {
    if (pipe->node != nullptr) give_up(*pipe->node, pipe);
  });
}

void NodeClaims::ask(const NodePipePtr& pipe) {
  pipe->server = {++pids_, 1};
  judge(*pipe->node, pipe);
}

void NodeClaims::judge(NodeMachine& machine, const NodePipePtr& pipe) {
  const NodeHolder ours{pipe->lead, pipe->server, machine.boot()};
  std::optional<Identity> locker;
  // Of another pid namespace the kernel tells nothing.
  if (machine.server && around_.random.chance(70)) locker = machine.server->server;
  const ClaimVerdict verdict = judge_claim(ours, machine.server != nullptr, machine.file, locker);
  if (verdict.step == ClaimVerdict::Step::Refuse) {
    pipe->node = nullptr;
    std::erase(machine.waiting, pipe);
    pipes_.up(pipe, [](NodeHearer& leader) { leader.refused(); });
  } else if (verdict.step == ClaimVerdict::Step::Take) {
    std::erase(machine.waiting, pipe);
    take(machine, pipe);
  } else {
    if (verdict.hang_up && verdict.hang_up != pipe->told) hang_up(machine, *verdict.hang_up);
    if (verdict.hang_up) pipe->told = verdict.hang_up;
    std::erase(machine.waiting, pipe);
    machine.waiting.push_back(pipe);
    around_.timeline.after(around_.random.between(kMs, kSecond / 2), [this, &machine, pipe] {
      const auto& waiting = machine.waiting;
      if (std::find(waiting.begin(), waiting.end(), pipe) != waiting.end()) judge(machine, pipe);
    });
  }
}

// The lock comes first, and the name in the file a moment later.
void NodeClaims::take(NodeMachine& machine, const NodePipePtr& pipe) {
  machine.server = pipe;
  const Microseconds moment = around_.random.pick<Microseconds>({0, 0, 0, kMs});
  around_.timeline.after(moment, [this, &machine, pipe] {
    if (machine.server != pipe) return;
    machine.file = NodeHolder{pipe->lead, pipe->server, machine.boot()};
    // Its pipe ended while it waited for the lock.
    if (pipe->node == nullptr) return give_up(machine, pipe);
    files_.open(machine, pipe);
    pipes_.up(pipe, [pipe](NodeHearer& leader) { leader.told(pipe, node::Welcomed{}); });
  });
}

void NodeClaims::hang_up(NodeMachine& machine, const Identity& server) {
  // One that the machine has no time for takes long.
  const Microseconds takes = around_.random.pick<Microseconds>(
      {around_.random.between(0, 20 * kMs), around_.random.between(0, 4 * kSecond)});
  around_.timeline.after(takes, [this, &machine, server] {
    const NodePipePtr pipe = machine.server;
    if (pipe && pipe->server == server) give_up(machine, pipe);
  });
}

void NodeClaims::give_up(NodeMachine& machine, const NodePipePtr& pipe) {
  pipe->node = nullptr;
  pipe->files.reset();
  if (!pipe->cut) pipes_.cut(pipe);
  if (machine.server == pipe) machine.server.reset();
}

void NodeClaims::forget(NodeMachine& machine, const NodePipePtr& pipe) {
  std::erase(machine.waiting, pipe);
  give_up(machine, pipe);
}

}  // namespace thermos::sim
