// A task that continues an ended task begins with the ended task's successes in its own record, so
// that its runner and every reader find them like its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"

namespace thermos {

// Whether the latest run of the process, under its latest definition, was a SUCCESS.
bool has_succeeded(const ProcessHistory& process);

// Adds the latest run of `process`, a process of the task `task_id`, to `history` as the first run
// of the process of that name. The run keeps its times and gets Origin::TakenOver and the id of the
// task that it ran in. If that process's task took the run over itself, this is the id of the task
// that ran it and has its logs. REQUIRES: has_succeeded(process), and `history` has a header and no
// record of a process of that name.
Status take_over(History& history, const ProcessHistory& process, std::string_view task_id);

// Returns the sorted ids of the tasks from which runs on this record were taken over. A reader of
// the record needs the output of these tasks.
std::vector<std::string> tasks_taken_over(const History& history);

}  // namespace thermos
