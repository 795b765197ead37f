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
  Microseconds now = 0;      // wall time
  bool processes = false;    // show a table of processes below each task
  std::size_t most = 0;      // rows of tasks, or of a task's processes; 0: all
  bool failed_only = false;  // show only the processes that failed
};

// Returns a head with the number of tasks in each state, and a table with one row for each task, in
// the given order. Ids are not cut, because people copy them; a task with a long id takes two rows.
// Failed processes come first, then those that run or are to retry. If there are more than `most`,
// the others are only counted.
std::string status_table(const std::vector<TaskView>& views, const TableStyle& style);

// Returns whether the task could not be read, has failed or is lost, or has a process whose latest
// run failed or is lost and that will not be tried again.
bool has_failed(const TaskView& view);

}  // namespace thermos
