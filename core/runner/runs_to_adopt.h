// Which runs a leader takes over when it goes on with a task, and in which order it looks at their
// streams. The reactor and the simulator both use this.
#pragma once

#include <vector>

#include "core/record/record.h"
#include "core/runner/runner.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// Returns the processes with a live run on record, which is adopted, in the order of the task.
// Called before the runner handles Lead, because that may begin other runs.
std::vector<ProcessIndex> live_on_record(const Runner& runner);

// Returns the processes that may have a run of which nothing is on record, in the order of the
// task: a power cut, or a disk that failed and came back, can take the tail of the runner's stream
// and leave a coordinator's. Of these processes, the streams that exist are looked at. `live` is
// from live_on_record(). REQUIRES: the runner has handled Lead, and no news of a run yet.
std::vector<ProcessIndex> maybe_unrecorded(const Runner& runner,
                                           const std::vector<ProcessIndex>& live);

// Sorts the processes whose streams are looked at: each behind those it waits for, the finalizers
// last. The runner takes an unrecorded run only if it knows that the process could begin.
void sort_to_look(std::vector<ProcessIndex>& processes, const TaskConfig& task, const Graph& graph);

// Returns a record that was read from a coordinator's stream as the runner is told of it: with the
// origin of the reading (link::Read), unless the coordinator itself recorded another origin.
ProcessStatus as_read(ProcessStatus status, Origin reading);

}  // namespace thermos
