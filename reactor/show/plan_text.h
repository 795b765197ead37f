// Plans as text for people and as JSON.
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
  std::size_t past_tasks = 0;  // the number of tasks that the times are from
};

// Returns how long the task takes, how it ends, its critical path, and a Gantt chart: a row for
// each process in the order of their starts, drawn with '#' if it is on the critical path. If there
// are more than `most` processes, those on the critical path are chosen first.
std::string plan_text(const TaskConfig& task, const Plan& plan, const PlanStyle& style);

// {"makespan":{"p50","p90"},"critical_path":[NAME],"result","processes":{NAME:{"start","end"}}},
// seconds from the start; see JSON.md.
Json plan_json(const TaskConfig& task, const Plan& plan);

}  // namespace thermos
