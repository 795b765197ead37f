// Simulates the files that hold a task's configuration: the task's own, and one for each
// replacement that has been asked for. Each is written whole, and is on the disk then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/record/record.h"
#include "random.h"

namespace thermos::sim {

class TaskFiles {
 public:
  // The number of the replacement by which the task's file is what it is; 0: none.
  std::uint32_t task() const { return task_; }
  void write_task(std::uint32_t generation) { task_ = generation; }

  std::optional<Replacement> replacement(std::uint32_t generation) const {
    const auto found = pending_.find(generation);
    if (found == pending_.end()) return std::nullopt;
    return found->second;
  }
  void write(const Replacement& replacement) { pending_[replacement.generation] = replacement; }
  // A loss of power may bring the file back: nobody syncs the directory for this.
  void remove(std::uint32_t generation) {
    if (const auto found = pending_.extract(generation)) {
      removed_[generation] = found.mapped();
    }
  }
  void power_cut(Random& random) {
    for (const auto& [generation, replacement] : removed_) {
      if (random.chance(50)) pending_.emplace(generation, replacement);
    }
    removed_.clear();
  }

 private:
  std::uint32_t task_ = 0;
  std::map<std::uint32_t, Replacement> pending_;
  std::map<std::uint32_t, Replacement> removed_;
};

}  // namespace thermos::sim
