// Some processes of a task: who is in, and all that are, in no particular order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/task/graph.h"

namespace thermos {

// Every call takes the same short time, whatever the number of processes.
class ProcessSet {
 public:
  // Of processes 0 to `processes` - 1; empty.
  explicit ProcessSet(std::size_t processes) : places_(processes, kOut) {}

  bool has(ProcessIndex p) const { return places_[p] != kOut; }
  bool empty() const { return members_.empty(); }
  // Good until the next add() or remove().
  const std::vector<ProcessIndex>& members() const { return members_; }

  // REQUIRES: !has(p).
  void add(ProcessIndex p);
  // REQUIRES: has(p). The last one takes its place.
  void remove(ProcessIndex p);

 private:
  static constexpr std::uint32_t kOut = 0xffffffff;

  std::vector<ProcessIndex> members_;
  std::vector<std::uint32_t> places_;  // where in members_ a process stands, or kOut
};

}  // namespace thermos
