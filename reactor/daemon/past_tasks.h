// What the daemon remembers of tasks that it does not lead: most of them have ended, and what they
// were never changes, so that their streams are read once and not at every question.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/record/paths.h"
#include "core/record/state.h"

namespace thermos {

struct PastTask {
  bool readable = false;
  bool begun = false;       // there is a header
  std::uint32_t owner = 0;  // of one that can't be read: root
  TaskState state = TaskState::Active;
  std::uint64_t first_position = 0;  // in its stream; 0: none of its records has one
  std::uint64_t last_position = 0;
  std::string error;  // why it is not readable
};

class PastTasks {
 public:
  explicit PastTasks(const Paths& paths) : paths_(paths) {}

  // Reads the task's stream, if it isn't known to have ended. Valid until the next call.
  const PastTask& look(const std::string& task_id);
  // That task has ended, under our eyes: so its stream need not be read.
  void learn(const std::string& task_id, PastTask past) { known_[task_id] = std::move(past); }
  void forget(const std::string& task_id) { known_.erase(task_id); }

 private:
  const Paths& paths_;
  std::unordered_map<std::string, PastTask> known_;
};

}  // namespace thermos
