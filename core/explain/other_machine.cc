#include "core/explain/other_machine.h"

namespace thermos {

bool goes_on_elsewhere(const History& history, const Run& run) {
  if (run.node) return false;  // the leader reaches it through its node, from any machine
  const BootId unknown;
  if (is_terminal(run.state) || run.boot == unknown || history.steps().empty()) return false;
  const BootId& here = history.steps().back().status.boot;
  return here != unknown && here != run.boot;
}

}  // namespace thermos
