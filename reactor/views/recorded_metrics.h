// The metrics of the tasks on record.
#pragma once

#include <string>

#include "core/explain/task_metrics.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Reads the task, and adds what its records say.
void add_recorded_task(const Paths& paths, const TaskEntry& entry, TaskMetrics& metrics);

// The text of them all, and of this program, without the end (kMetricsEnd).
std::string metrics_text(const TaskMetrics& metrics);

}  // namespace thermos
