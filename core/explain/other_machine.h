// Whether a run is under way on another machine than the one that the task is led from.
#pragma once

#include "core/record/history.h"

namespace thermos {

// Returns whether the run has not ended and its coordinator's boot id differs from that of the
// latest leader; false for a run on a node. Pids and signals of this machine mean nothing on the
// other one, so the leader waits for the end of the run.
bool goes_on_elsewhere(const History& history, const Run& run);

}  // namespace thermos
