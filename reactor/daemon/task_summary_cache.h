// What the daemon remembers of tasks that it does not lead: most of them have ended, and what they
// were never changes, so that their streams are read once and not at every question. Others are
// read again when their streams have changed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/record/paths.h"
#include "core/record/state.h"

namespace thermos {

struct TaskSummary {
  bool readable = false;
  bool begun = false;       // there is a header
  std::uint32_t owner = 0;  // of one that can't be read: root
  TaskState state = TaskState::Active;
  std::uint64_t first_position = 0;  // in its stream; 0: none of its records has one
  std::uint64_t last_position = 0;
};

class TaskSummaryCache {
 public:
  explicit TaskSummaryCache(const Paths& paths) : paths_(paths) {}

  // Reads the task's stream, if what is known of it may not be all. Valid until the next call.
  const TaskSummary& look(const std::string& task_id);
  // That task has ended, under our eyes: so its stream need not be read.
  void learn(const std::string& task_id, TaskSummary past) {
    known_[task_id].past = std::move(past);
  }
  // Of an active task, whether it has a header. One whose stream can't be read may have.
  bool was_begun(const std::string& task_id);
  void forget(const std::string& task_id) { known_.erase(task_id); }

 private:
  // A file as it was before it was read: an append that came meanwhile makes it another.
  struct Version {
    ino_t inode = 0;
    off_t size = -1;
    timespec changed{};
    bool operator==(const Version& other) const;
  };
  struct Known {
    TaskSummary past;
    Version version;
  };
  static Version version_of(const std::string& path);

  const Paths& paths_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace thermos
