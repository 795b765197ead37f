// The daemon's answer to `status` as the view that is read from files, so that both are shown
// alike.
#pragma once

#include "reactor/store/history_json.h"
#include "reactor/views/task_view.h"

namespace thermos {

// `task` is one element of `status --json`'s "tasks". Of each process, the view has the latest run,
// the one before it if that waits, and the number of runs before these.
TaskView view_of(const Json& task);

}  // namespace thermos
