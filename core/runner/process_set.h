// A set of a task's processes, with its members in no particular order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/task/graph.h"

namespace thermos {

// Every call takes constant time.
class ProcessSet {
 public:
  // An empty set for processes 0 to `processes` - 1.
  explicit ProcessSet(std::size_t processes) : places_(processes, kOut) {}

  bool has(ProcessIndex p) const { return places_[p] != kOut; }
  bool empty() const { return members_.empty(); }
  // Valid until the next add() or remove().
  const std::vector<ProcessIndex>& members() const { return members_; }

  // REQUIRES: !has(p).
  void add(ProcessIndex p) {
    places_[p] = static_cast<std::uint32_t>(members_.size());
    members_.push_back(p);
  }
  // REQUIRES: has(p). The last member takes its place.
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
