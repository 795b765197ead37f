// Virtual time: planned actions, ordered by time and then by the order of planning. It stands still
// while an action runs, and jumps to the next one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/task/task.h"

namespace thermos::sim {

class Timeline {
 public:
  using Action = std::function<void()>;

  // Microseconds since the world began. This is true time, which no clock of the machine shows.
  Microseconds now() const { return now_; }
  bool empty() const { return entries_.empty(); }
  Microseconds next() const { return entries_.front().at; }

  void after(Microseconds delay, Action action) {
    entries_.push_back({now_ + std::max<Microseconds>(delay, 0), order_++, std::move(action)});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  // REQUIRES: !empty().
  void step() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    Entry entry = std::move(entries_.back());
    entries_.pop_back();
    now_ = entry.at;
    entry.action();
  }

 private:
  struct Entry {
    Microseconds at;
    std::uint64_t order;
    Action action;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  std::vector<Entry> entries_;
  Microseconds now_ = 0;
  std::uint64_t order_ = 0;
};

}  // namespace thermos::sim
