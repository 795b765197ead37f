// What the tests of the planner share.
#pragma once

#include <string>
#include <vector>

#include "core/task/task_planner.h"

namespace thermos {

using Mark = Planner::Mark;
using Stage = TaskPlanner::Stage;
using Line = std::vector<ProcessIndex>;

// Processes without an order.
inline TaskConfig task_of(std::uint32_t n) {
  TaskConfig task;
  task.name = "t";
  for (std::uint32_t p = 0; p < n; ++p) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = "p" + std::to_string(p);
    process.min_duration = 5 * kSecond;
  }
  return task;
}

// All that may start now, marked as running.
inline Line drain(TaskPlanner& plan, Microseconds now) {
  Line out;
  while (const auto p = plan.pop_ready(now)) {
    plan.set_running(*p);
    out.push_back(*p);
  }
  return out;
}

}  // namespace thermos
