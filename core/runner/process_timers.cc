#include "core/runner/process_timers.h"

namespace thermos {

void ProcessTimers::set(ProcessIndex p, Microseconds at) {
  clear(p);
  times_[p] = at;
  order_.emplace(at, p);
}

void ProcessTimers::clear(ProcessIndex p) {
  if (!has(p)) return;
  order_.erase({*times_[p], p});
  times_[p].reset();
}

std::optional<Microseconds> ProcessTimers::next() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

std::optional<ProcessIndex> ProcessTimers::pop_due(Microseconds now) {
  if (order_.empty() || order_.begin()->first > now) return std::nullopt;
  const ProcessIndex p = order_.begin()->second;
  clear(p);
  return p;
}

std::vector<ProcessIndex> ProcessTimers::in_order() const {
  std::vector<ProcessIndex> processes;
  processes.reserve(order_.size());
  for (const auto& [at, p] : order_) processes.push_back(p);
  return processes;
}

}  // namespace thermos
