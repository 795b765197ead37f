#include "children.h"

#include <utility>

namespace thermos::sim {

void Children::watch(std::int32_t pid, std::function<void()> callback) {
  // If a child has this pid now, the exit was of one before it.
  if (unclaimed_.erase(pid) > 0 && !processes_.is_child(self_, pid)) {
    callback();
    return;
  }
  watched_[pid] = std::move(callback);
}

bool Children::can_watch(std::int32_t pid) const {
  if (watched_.count(pid) == 1) return false;  // it has the pid after another
  return unclaimed_.count(pid) == 1 || processes_.is_child(self_, pid);
}

bool Children::is_recycled(const Identity& child) const {
  const auto named = processes_.named(child.pid);
  return named && !(*named == child);
}

void Children::expect_births(bool expected) {
  births_expected_ = expected;
  if (!expected) unclaimed_.clear();
}

void Children::reap() {
  while (const auto pid = processes_.reap(self_)) {
    const auto it = watched_.find(*pid);
    if (it == watched_.end()) {
      if (births_expected_) unclaimed_.insert(*pid);
      continue;
    }
    const auto callback = std::move(it->second);
    watched_.erase(it);
    callback();
  }
}

}  // namespace thermos::sim
