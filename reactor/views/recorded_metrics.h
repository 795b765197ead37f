// Makes metrics from the recorded tasks.
#pragma once

#include <string>

#include "core/explain/task_metrics.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Reads the task's history and adds it to `metrics`.
void add_recorded_task(const Paths& paths, const TaskEntry& entry, TaskMetrics& metrics);

// Returns the text of all metrics and of this program's version, without the end (kMetricsEnd).
std::string metrics_text(const TaskMetrics& metrics);

}  // namespace thermos
