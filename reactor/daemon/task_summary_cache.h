// Remembers summaries of tasks that the daemon does not lead. The stream of an ended task never
// changes, so it is read once. The stream of an active task is read again when it has changed.
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
  Microseconds launch_time = 0;  // wall time
  // The first position in its stream; 0: no record has a position.
  std::uint64_t first_position = 0;
  std::uint64_t last_position = 0;
};

class TaskSummaryCache {
 public:
  explicit TaskSummaryCache(const Paths& paths) : paths_(paths) {}

  // Returns the summary of a task. Reads its stream if the remembered summary may be out of date.
  // Valid until the next call.
  const TaskSummary& look(const std::string& task_id);
  // Stores the summary of a task that this daemon led to its end, so that its stream need not be
  // read.
  void learn(const std::string& task_id, const TaskSummary& past) { known_[task_id].past = past; }
  // Whether an active task was begun: its stream has a header, or exists but can't be read.
  bool was_begun(const std::string& task_id);
  void forget(const std::string& task_id) { known_.erase(task_id); }

 private:
  struct Known {
    TaskSummary past;
    // Taken before the stream was read, so that an append during the reading makes it another
    // version.
    FileVersion version;
  };

  const Paths& paths_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace thermos
