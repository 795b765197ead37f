// The tables of `thermos status`, fitted to a width.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task/task.h"
#include "reactor/commands/task_view.h"
#include "reactor/commands/transcript_text.h"

namespace thermos {

struct TableStyle {
  LineStyle line;
  std::size_t columns = 80;
  Microseconds now = 0;           // wall
  bool processes = false;         // with a table of processes below each task
  std::size_t max_processes = 0;  // the most rows of that table; 0: all
};

// Returns a table with one row for each task. Ids are not cut, because people copy them; a task
// with a long id takes two rows.
std::string status_table(const std::vector<TaskView>& views, const TableStyle& style);

}  // namespace thermos
