// What the daemon remembers of tasks that it does not lead. A task that has ended never changes, so
// its stream is read once; the stream of another task is read again when it has changed.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/times.h"
#include "core/record/paths.h"
#include "core/record/state.h"
#include "reactor/os/file_version.h"

namespace thermos {

struct TaskSummary {
  bool readable = false;
  bool begun = false;       // its stream has a header
  std::uint32_t owner = 0;  // the header's uid; root if there is no header
  TaskState state = TaskState::Active;
  Microseconds launch_time = 0;      // wall time
  std::uint64_t first_position = 0;  // the first in its stream; 0: none of its records has one
  std::uint64_t last_position = 0;
};

class TaskSummaryCache {
 public:
  explicit TaskSummaryCache(const Paths& paths) : paths_(paths) {}

  // The summary of a task. Reads its stream if the remembered summary may be out of date. Valid
  // until the next call.
  const TaskSummary& look(const std::string& task_id);
  // Stores the summary of a task that this daemon led to its end, so that its stream need not be
  // read.
  void learn(const std::string& task_id, const TaskSummary& past) { known_[task_id].past = past; }
  // Whether an active task was begun: its stream has a header, or exists and can't be read.
  bool was_begun(const std::string& task_id);
  void forget(const std::string& task_id) { known_.erase(task_id); }

 private:
  struct Known {
    TaskSummary past;
    FileVersion version;  // before it was read: an append in between makes it another version
  };

  const Paths& paths_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace thermos
