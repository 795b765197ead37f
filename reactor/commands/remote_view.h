// Makes a TaskView from the daemon's answer to `status`, so that it is shown like one read from
// files.
#pragma once

#include "reactor/store/history_json.h"
#include "reactor/views/task_view.h"

namespace thermos {

// `task` is one element of `status --json`'s "tasks". For each process, the view has its latest
// run, the run before it if the latest is WAITING, and the number of earlier runs.
TaskView view_of(const Json& task);

}  // namespace thermos
