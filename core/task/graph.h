// The order of a task's processes as a graph of their indexes. check_task() makes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Compressed adjacency lists. An edge that the configuration repeats is kept once.
class Graph {
 public:
  struct Edge {
    ProcessIndex before;
    ProcessIndex after;
  };

  Graph();  // without nodes
  // Merges repeated edges. REQUIRES: every index in `edges` is below `nodes`.
  Graph(std::uint32_t nodes, const std::vector<Edge>& edges);

  std::uint32_t size() const { return static_cast<std::uint32_t>(waits_for_.size()); }
  // The nodes that wait for `node`. Valid as long as the graph.
  std::span<const ProcessIndex> dependents(ProcessIndex node) const {
    return {dependents_.data() + begin_[node], dependents_.data() + begin_[node + 1]};
  }
  // The number of nodes that `node` waits for.
  std::uint32_t dependencies(ProcessIndex node) const { return waits_for_[node]; }

  // Returns the nodes of one cycle in order, without repeating the first; empty if there is no
  // cycle.
  std::vector<ProcessIndex> find_cycle() const;

  // Returns the longest chain in which each node waits for the one before it. Only nodes for which
  // `counts` is true take part (all if `counts` is empty); these wait for such nodes only. Among
  // chains of equal length it prefers one that begins early in the configuration. Returns an empty
  // chain if no node counts. REQUIRES: no cycle.
  std::vector<ProcessIndex> longest_chain(const std::vector<bool>& counts) const;

  // Returns for each node how many nodes precede it on the longest chain to it; 0 for a node that
  // waits for none. REQUIRES: no cycle.
  std::vector<std::uint32_t> depths() const;

 private:
  std::vector<std::uint64_t> begin_;
  std::vector<ProcessIndex> dependents_;
  std::vector<std::uint32_t> waits_for_;
};

}  // namespace thermos
