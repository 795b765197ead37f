// The repairs of fsck --repair.
#pragma once

#include "core/record/paths.h"
#include "reactor/fsck/fsck_task.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// Carries out the remedies of a task's findings and records the outcome in each finding. REQUIRES:
// `lead` holds the lock of the task's runner, and the findings were made under it.
void repair_task(const Paths& paths, const std::string& task_id, StreamWriter& lead,
                 std::vector<Finding>& findings);

}  // namespace thermos
