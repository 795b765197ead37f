// The keys that `status --json` adds to a task's history: which processes of an active task wait
// for their next try, which have failed for good, and which processes use or wait for pools.
#pragma once

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"

namespace thermos {

// Adds three keys to `json`, each only if its value is not empty: "backoff", an object that maps
// process names to the wall time of their next try in seconds; "fatal", a list of process names;
// and "pools", a list like that of `pools --json`. `now` is the wall time in microseconds. A task
// that runs its finalizers gets only "pools"; a task that is neither ACTIVE nor running its
// finalizers gets none of the three. Also calls add_not_started().
void add_outlook(Json& json, const TaskConfig& task, const History& history, Microseconds now);

// Adds "not_started", the number of the task's processes that have no run, if it is not 0.
void add_not_started(Json& json, const TaskConfig& task, const History& history);

}  // namespace thermos
