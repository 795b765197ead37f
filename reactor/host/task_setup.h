// A task to be led: its configuration, and where it runs.
#pragma once

#include "core/record/paths.h"
#include "core/record/record.h"
#include "core/task/shared_pools.h"
#include "core/task/task.h"

namespace thermos {

struct TaskSetup {
  Paths paths;
  TaskConfig task;  // fully bound and checked
  // Of a new task, open_task() fills in launch_time, and a hostname that is empty.
  RunnerHeader header;
  // The task is new. Files that someone created under its id before dying, without beginning the
  // task, are replaced. If false, such a task is resumed if its configuration is the same.
  bool replaces_unbegun = false;
  // This task is alone on the loop, so opening it may block for up to a second while someone only
  // asks about the lock (stream_is_locked()). If false, that is Busy, like a lock that is held.
  bool alone = false;
  // Of the daemon; nullptr: it has none, or there is no daemon.
  SharedPools* pools = nullptr;
};

}  // namespace thermos
