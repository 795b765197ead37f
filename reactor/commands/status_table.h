// `thermos status` for people: tables that fit the width they are given. Pure.
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
  bool processes = false;         // a table of processes beneath each task
  std::size_t max_processes = 0;  // rows of it at most; 0: all
};

// One row a task, or more for an id too long for a column: an id is never cut, because people copy
// it.
std::string status_table(const std::vector<TaskView>& views, const TableStyle& style);

}  // namespace thermos
