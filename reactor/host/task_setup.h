// What is to be run, and where.
#pragma once

#include "core/record/paths.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

struct TaskSetup {
  Paths paths;
  TaskConfig task;      // fully bound and checked
  RunnerHeader header;  // launch_time and hostname are filled in when a new task is made
  // The task is new: what somebody made under its id and died before it began is replaced. Else
  // that goes on, if its configuration is the same.
  bool replaces_unbegun = false;
  // Nobody else is on the loop: a lock that is only being asked about may be waited for, which
  // holds up all there is. Else that is Busy, like a lock that is held.
  bool alone = false;
};

}  // namespace thermos
