// The tables of `thermos status`, fitted to a width.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task/task.h"
#include "reactor/views/record_lines.h"
#include "reactor/views/task_view.h"

namespace thermos {

struct TableStyle {
  LineStyle line;
  std::size_t columns = 80;
  Microseconds now = 0;      // wall
  bool processes = false;    // with a table of processes below each task
  std::size_t most = 0;      // rows of tasks, or of a task's processes; 0: all
  bool failed_only = false;  // of processes, those that failed
};

// Returns a head with the number of tasks in each state, and a table with one row for each task, in
// the given order. Ids are not cut, because people copy them; a task with a long id takes two rows.
// Of processes, those that failed come first, then those that run; the rest is only counted where
// there is no room for it.
std::string status_table(const std::vector<TaskView>& views, const TableStyle& style);

// Whether a process of the task failed and is not done otherwise, or it ended badly itself.
bool has_failed(const TaskView& view);

}  // namespace thermos
