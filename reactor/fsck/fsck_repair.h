// What fsck --repair does.
#pragma once

#include "core/record/paths.h"
#include "reactor/fsck/fsck_task.h"
#include "reactor/store/stream_file.h"

namespace thermos {

// Carries out the remedies of a task's findings and says in each what was done. REQUIRES: `lead` is
// the lock of the task's runner, and the findings were made under it.
void repair_task(const Paths& paths, const std::string& task_id, StreamWriter& lead,
                 std::vector<Finding>& findings);

}  // namespace thermos
