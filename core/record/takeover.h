// A task that goes on from an ended one begins with that one's successes on its own record, so that
// its runner, and every reader, finds them like its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"

namespace thermos {

// Whether the latest run of the process, under its latest definition, was a SUCCESS.
bool has_succeeded(const ProcessHistory& process);

// Adds the latest run of `process`, of the task `task_id`, to `history`, as the first run of the
// process of that name there: at its own times, with Origin::TakenOver and the id of the task that
// it ran in. If that task took it over itself, it is of the task before, whose logs it has.
// REQUIRES: has_succeeded(process), and `history` has a header and nothing of a process of that
// name.
Status take_over(History& history, const ProcessHistory& process, std::string_view task_id);

// The ids of the tasks whose runs are on this record, and whose output a reader of it needs;
// sorted.
std::vector<std::string> tasks_taken_over(const History& history);

}  // namespace thermos
