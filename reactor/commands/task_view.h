// What `status` knows of one task, read from its files alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

struct TaskView {
  TaskEntry entry;
  std::optional<History> history;  // nothing: see `error`
  std::string error;               // why there is none
};

// A stream that can't be read is the view's error, not the caller's: the others go on.
TaskView view_task(const Paths& paths, const TaskEntry& entry);

// "ACTIVE", "SUCCESS", or "?" for a task that can't be read.
std::string state_name(const TaskView& view);
// Since when the task is in its state, and since when it exists; wall time.
std::optional<Microseconds> since(const TaskView& view);
std::optional<Microseconds> launched(const TaskView& view);

}  // namespace thermos
