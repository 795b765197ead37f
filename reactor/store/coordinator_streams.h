// The streams of a task's coordinators: those of its leader's machine and those of its nodes.
#pragma once

#include <string>
#include <vector>

#include "core/record/paths.h"

namespace thermos {

struct CoordinatorStream {
  std::string path;
  std::string process;
  std::string node;  // empty: it is beside the leader's own
};

// All that are under the root (FORMAT.md), the leader's first. A process that ran on several nodes
// has one on each. Empty if the task has no checkpoints, or they can't be read.
std::vector<CoordinatorStream> coordinator_streams(const Paths& paths, const std::string& task_id);

}  // namespace thermos
