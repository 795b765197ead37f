// Whether a run is under way on another machine than the task is led from.
#pragma once

#include "core/record/history.h"

namespace thermos {

// By the boot ids of its coordinator and of the latest leader. Pids and signals of here mean
// nothing there: the leader waits for the end of the run.
bool goes_on_elsewhere(const History& history, const Run& run);

}  // namespace thermos
