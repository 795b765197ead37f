// What `status --json` adds to what is on record: which processes of an active task wait for their
// next try, which have failed for good, and who has and waits for pools.
#pragma once

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"

namespace thermos {

// Adds "backoff", an object of names and wall times in seconds, "fatal", a list of names, and
// "pools", a list as that of `pools --json`, to `json`; none that would be empty. `now` is the wall
// time in microseconds. For a task that runs its finalizers it adds only "pools"; for one that is
// neither that nor ACTIVE it adds none of the three. Does what add_not_started() does, too.
void add_outlook(Json& json, const TaskConfig& task, const History& history, Microseconds now);

// Adds "not_started", how many of the task's processes have no run at all, if there are any.
void add_not_started(Json& json, const TaskConfig& task, const History& history);

}  // namespace thermos
