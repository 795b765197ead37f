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
  void add(ProcessIndex p) {
    places_[p] = static_cast<std::uint32_t>(members_.size());
    members_.push_back(p);
  }
  // REQUIRES: has(p). The last one takes its place.
  void remove(ProcessIndex p) {
    const std::uint32_t place = places_[p];
    const ProcessIndex last = members_.back();
    members_[place] = last;
    places_[last] = place;
    members_.pop_back();
    places_[p] = kOut;
  }

 private:
  static constexpr std::uint32_t kOut = 0xffffffff;

  std::vector<ProcessIndex> members_;
  std::vector<std::uint32_t> places_;  // where in members_ a process stands, or kOut
};

}  // namespace thermos
