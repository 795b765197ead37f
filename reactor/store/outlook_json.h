// What `status --json` adds to what is on record: which processes of an active task wait for their
// next try, and which have failed for good.
#pragma once

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"

namespace thermos {

// Adds "backoff", an object of names and wall times in seconds, and "fatal", a list of names, to
// `json`; neither if it would be empty. `now` is the wall time in microseconds. Adds nothing for a
// task that is not ACTIVE.
void add_outlook(Json& json, const TaskConfig& task, const History& history, Microseconds now);

}  // namespace thermos
