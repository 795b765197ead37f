// Timers of processes: at most one time for each process, and which comes next.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/times.h"
#include "core/task/graph.h"

namespace thermos {

class ProcessTimers {
 public:
  // For processes 0 to `processes` - 1, without any time set.
  explicit ProcessTimers(std::size_t processes) : times_(processes) {}

  bool empty() const { return order_.empty(); }
  bool has(ProcessIndex p) const { return times_[p].has_value(); }
  // The process's time; nothing if it has none.
  std::optional<Microseconds> of(ProcessIndex p) const { return times_[p]; }
  // Sets the process's time, in microseconds of the boot clock; it replaces an earlier one.
  void set(ProcessIndex p, Microseconds at);
  void clear(ProcessIndex p) {
    if (has(p)) take_off(p);
  }

  // The earliest time; nothing if no process has one.
  std::optional<Microseconds> next() const {
    return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
  }
  // Removes and returns the process with the earliest time, if that has come. Equal times go by the
  // number of the process.
  std::optional<ProcessIndex> pop_due(Microseconds now) {
    return order_.empty() ? std::nullopt : pop_first_due(now);
  }
  // All processes that have a time, earliest first.
  std::vector<ProcessIndex> in_order() const;

 private:
  void take_off(ProcessIndex p);
  std::optional<ProcessIndex> pop_first_due(Microseconds now);

  std::vector<std::optional<Microseconds>> times_;
  std::set<std::pair<Microseconds, ProcessIndex>> order_;
};

}  // namespace thermos
