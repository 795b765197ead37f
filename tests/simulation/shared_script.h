// Several tasks that share the pools of one daemon, and what happens to them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos::sim {

struct SharedTask {
  TaskConfig task;
  Graph graph;
  std::vector<Graph::Edge> edges;
  Microseconds launched_at = 0;
  bool endless = false;  // its processes run for ever; it is killed when the others have ended
  std::optional<Microseconds> killed_at;
  // A process is stopped, and started again.
  struct Hold {
    ProcessIndex process = 0;
    Microseconds from = 0;
    Microseconds until = 0;
  };
  std::vector<Hold> holds;
};

struct SharedScript {
  std::uint64_t seed = 0;
  Named<std::uint32_t> pools;
  std::vector<SharedTask> tasks;  // in the order of their launches
  bool sizes_change = false;      // a restart of the daemon may come with other pools
};

SharedScript make_shared_script(std::uint64_t seed);

}  // namespace thermos::sim
