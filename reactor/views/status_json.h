// One element of `status --json`'s "tasks".
#pragma once

#include "core/base/times.h"
#include "core/record/paths.h"
#include "reactor/store/history_json.h"
#include "reactor/views/task_view.h"

namespace thermos {

// `paths` are those of the task's root. `now` is the wall time at which the view was taken.
Json view_json(const TaskView& view, const Paths& paths, Microseconds now);
// Returns view_json() without "processes"; see history_head_json().
Json view_head_json(const TaskView& view, const Paths& paths, Microseconds now);

}  // namespace thermos
