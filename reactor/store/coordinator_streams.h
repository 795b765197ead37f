// Finds the streams of a task's coordinators, on the leader's machine and on its nodes.
#pragma once

#include <string>
#include <vector>

#include "core/record/paths.h"

namespace thermos {

struct CoordinatorStream {
  std::string path;
  std::string process;
  std::string node;  // empty: the stream is beside the runner's stream
};

// Returns all coordinators' streams of the task under the root (FORMAT.md), those of the leader's
// machine first. A process that ran on several nodes has one stream for each. Returns nothing if
// the task has no checkpoints or they can't be read.
std::vector<CoordinatorStream> coordinator_streams(const Paths& paths, const std::string& task_id);

}  // namespace thermos
