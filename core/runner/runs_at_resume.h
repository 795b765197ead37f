// Which runs a leader takes over when it goes on with a task, and in which order it looks at their
// streams. The reactor and the simulator both ask here.
#pragma once

#include <vector>

#include "core/record/record.h"
#include "core/runner/runner.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

// The processes with a live run on record, which is adopted, in the order of the task. Asked before
// the runner handles Lead, as that may begin others.
std::vector<ProcessIndex> live_on_record(const Runner& runner);

// The processes that may have a run of which nothing is on record, in the order of the task: a
// power cut, or a disk that failed and came back, can take the tail of the runner's stream and
// leave a coordinator's. Those of them that have a stream are looked at. `live` is from
// live_on_record(). REQUIRES: the runner has handled Lead, and no news of a run yet.
std::vector<ProcessIndex> maybe_unrecorded(const Runner& runner,
                                           const std::vector<ProcessIndex>& live);

// Sorts the processes whose streams are looked at: each behind those it waits for, the finalizers
// last. A run may be news only to who knows that it could begin.
void sort_to_look(std::vector<ProcessIndex>& processes, const TaskConfig& task, const Graph& graph);

// A record that is read from a coordinator's stream, as the runner is told of it: with the origin
// that the link gave to the reading, except that an end which the coordinator's own record puts
// down to somebody stays so.
ProcessStatus as_read(ProcessStatus status, Origin reading);

}  // namespace thermos
