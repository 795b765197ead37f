// The output of a run that was taken over from another task.
#pragma once

#include "core/record/paths.h"
#include "reactor/views/task_follower.h"

namespace thermos {

// Looks for it in the files of the task that ran it, each of which is read once.
TaskFollower::FindTaken find_taken_in(const Paths& paths);

}  // namespace thermos
