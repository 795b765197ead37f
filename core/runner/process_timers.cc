#include "core/runner/process_timers.h"

namespace thermos {

void ProcessTimers::set(ProcessIndex p, Microseconds at) {
  clear(p);
  times_[p] = at;
  order_.emplace(at, p);
}

void ProcessTimers::take_off(ProcessIndex p) {
  order_.erase({*times_[p], p});
  times_[p].reset();
}

std::optional<ProcessIndex> ProcessTimers::pop_first_due(Microseconds now) {
  if (order_.begin()->first > now) return std::nullopt;
  const ProcessIndex p = order_.begin()->second;
  order_.erase(order_.begin());
  times_[p].reset();
  return p;
}

std::vector<ProcessIndex> ProcessTimers::in_order() const {
  std::vector<ProcessIndex> processes;
  processes.reserve(order_.size());
  for (const auto& [at, p] : order_) processes.push_back(p);
  return processes;
}

}  // namespace thermos
