#include "node_pipe.h"

#include <algorithm>
#include <utility>

#include "node_machine.h"
#include "node_surroundings.h"

namespace thermos::sim {

Microseconds NodePipes::delivery(const NodePipe& pipe, Microseconds last) {
  const Microseconds at = std::max(last, timeline_.now() + random_.between(0, 5 * kMs));
  return std::max(at, pipe.slow_until);
}

void NodePipes::down(const NodePipePtr& pipe, std::function<void(NodeMachine&)> message) {
  if (!pipe || pipe->cut) return;
  pipe->last_down = delivery(*pipe, pipe->last_down);
  timeline_.after(pipe->last_down - timeline_.now(), [pipe, message = std::move(message)] {
    if (pipe->node != nullptr) message(*pipe->node);
  });
}

void NodePipes::up(const NodePipePtr& pipe, std::function<void(NodeHearer&)> message) {
  if (!pipe || pipe->cut) return;
  pipe->last_up = delivery(*pipe, pipe->last_up);
  timeline_.after(pipe->last_up - timeline_.now(), [pipe, message = std::move(message)] {
    if (pipe->leader != nullptr) message(*pipe->leader);
  });
}

void NodePipes::cut(const NodePipePtr& pipe) {
  pipe->cut = true;
  timeline_.after(random_.between(0, 3 * kSecond), [pipe] {
    if (NodeHearer* leader = std::exchange(pipe->leader, nullptr))
      leader->told(pipe, node::Ended{"the pipe has ended"});
  });
  timeline_.after(random_.between(0, 10 * kSecond), [this, pipe] { ended_(pipe); });
}

}  // namespace thermos::sim
