// Where the processes of a task stand in a picture of its graph.
#pragma once

#include <cstdint>
#include <vector>

#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

struct GraphLayout {
  // One process, or several that nobody could tell apart in the picture: they have the same kind
  // (daemon, ephemeral, final), the same dependencies and the same dependents.
  struct Node {
    std::vector<ProcessIndex> members;  // in ascending order; not empty
    std::uint32_t layer = 0;
    std::uint32_t place = 0;  // in its layer; the first is 0
  };
  struct Edge {
    std::uint32_t from = 0;  // indexes of nodes
    std::uint32_t to = 0;
    Condition condition = Condition::Success;
    bool operator==(const Edge&) const = default;
  };
  std::vector<Node> nodes;  // by layer, and in it by place
  std::vector<Edge> edges;  // by `from`, then `to`
  std::uint32_t layers = 0;
};

// Places each process in the layer behind the last one that it waits for, and finalizers behind all
// others. Within a layer, orders the nodes by their neighbours in the other layers, so that few
// edges cross. The same task always has the same picture. `graph` is the result of
// check_task(task). Takes about O((V + E) log V).
GraphLayout lay_out(const TaskConfig& task, const Graph& graph);

}  // namespace thermos
