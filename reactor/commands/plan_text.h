// Plans for people and for programs.
#pragma once

#include <cstddef>
#include <string>

#include "core/explain/plan.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"
#include "reactor/views/record_lines.h"

namespace thermos {

struct PlanStyle {
  LineStyle line;
  std::size_t columns = 80;
  std::size_t most = 30;       // processes in the chart; 0: all
  std::size_t past_tasks = 0;  // that the times are of
};

// Returns how long the task takes, how it ends, what decides that, and a Gantt chart: a row for
// each process in the order of their starts, those of the critical path in '#'. If there are more
// than `most`, those of the critical path come first.
std::string plan_text(const TaskConfig& task, const Plan& plan, const PlanStyle& style);

// {"makespan":{"p50","p90"},"critical_path":[NAME],"result","processes":{NAME:{"start","end"}}},
// seconds from the start; see JSON.md.
Json plan_json(const TaskConfig& task, const Plan& plan);

}  // namespace thermos
