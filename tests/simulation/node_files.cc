#include "node_files.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broken.h"
#include "node_carrier.h"

namespace thermos::sim {

void NodeFiles::open(NodeMachine& machine, const NodePipePtr& pipe) {
  const std::weak_ptr<NodePipe> to_leader = pipe;  // it owns the carrier
  NodeCarrier::Hooks hooks;
  hooks.say = [this, to_leader](const nodes::FileMessage& message) {
    const NodePipePtr ours = to_leader.lock();
    pipes_.up(ours, [ours, message](NodeHearer& leader) { leader.file(ours, message); });
  };
  hooks.over = [this, to_leader](const carry::Over& over) {
    require(!over.failure, "the leader has no place for a file");
    const NodePipePtr ours = to_leader.lock();
    auto held = ours->held.extract(over.cargo.process);
    if (held.empty()) return;
    for (auto& message : held.mapped()) pipes_.up(ours, std::move(message));
  };
  hooks.after = [this](Microseconds delay, Timeline::Action action) {
    around_.timeline.after(delay, std::move(action));
  };
  pipe->files = std::make_shared<NodeCarrier>(around_, machine.sandbox, std::move(hooks));
}

void NodeFiles::tell(const NodePipePtr& pipe, ProcessIndex p, const ProcessStatus& status) {
  const std::vector<std::string>& made = around_.task.processes[p].makes_files;
  const bool carries = status.state == ProcessState::Success && !made.empty();
  if (carries) pipe->held.try_emplace(p);
  // What is held belongs to the pipe.
  const std::weak_ptr<NodePipe> to_leader = pipe;
  tell(pipe, p,
       [to_leader, p, status](NodeHearer& leader) { leader.record(to_leader.lock(), p, status); });
  if (carries) pipe->files->carry({p, status.run, made, true});
}

void NodeFiles::tell(const NodePipePtr& pipe, ProcessIndex p,
                     std::function<void(NodeHearer&)> message) {
  const auto held = pipe->held.find(p);
  if (held != pipe->held.end()) {
    held->second.push_back(std::move(message));
  } else {
    pipes_.up(pipe, std::move(message));
  }
}

}  // namespace thermos::sim
