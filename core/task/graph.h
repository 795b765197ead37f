// The order of a task's processes as a graph of their indexes. check_task() makes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Compressed adjacency lists. An edge that the configuration repeats is kept once; two conditions
// for the same pair are two edges.
class Graph {
 public:
  struct Edge {
    ProcessIndex before;
    ProcessIndex after;
    Condition condition = Condition::Success;
  };

  Graph();  // without nodes
  // Merges repeated edges. REQUIRES: every index in `edges` is below `nodes`.
  Graph(std::uint32_t nodes, const std::vector<Edge>& edges);

  std::uint32_t size() const { return static_cast<std::uint32_t>(waits_for_.size()); }
  // Whether there are edges with other conditions than Success.
  bool mixed() const { return lists_ != 1; }
  // The nodes that wait for `node`, those for its success first. One that waits for two conditions
  // of it stands there twice. Valid as long as the graph.
  std::span<const ProcessIndex> dependents(ProcessIndex node) const {
    return span(std::size_t{node} * lists_, (std::size_t{node} + 1) * lists_);
  }
  // Those that wait for that condition of it, in ascending order.
  std::span<const ProcessIndex> dependents(ProcessIndex node, Condition condition) const {
    const std::size_t first = std::size_t{node} * lists_ + static_cast<std::size_t>(condition);
    if (mixed() || condition == Condition::Success) return span(first, first + 1);
    return {};
  }
  // The number of edges that lead to `node`.
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
  std::span<const ProcessIndex> span(std::size_t first_list, std::size_t end_list) const {
    return {dependents_.data() + begin_[first_list], dependents_.data() + begin_[end_list]};
  }

  // Each node has one list of dependents, or one for each condition where there are several: most
  // tasks have only Success, and pay nothing for the others.
  std::size_t lists_ = 1;
  std::vector<std::uint64_t> begin_;  // of each list in dependents_, and the end of the last
  std::vector<ProcessIndex> dependents_;
  std::vector<std::uint32_t> waits_for_;
};

}  // namespace thermos
