// The order of a task's processes, by index. Built once from the configuration, after checking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"

namespace thermos {

// Compressed adjacency: who waits for whom. Each edge is kept once, however often it is written.
class Graph {
 public:
  struct Edge {
    ProcessIndex before;
    ProcessIndex after;
  };

  Graph() = default;
  // REQUIRES: every index in `edges` is below `nodes`. Doubled edges are merged.
  Graph(std::uint32_t nodes, const std::vector<Edge>& edges);

  std::uint32_t size() const { return static_cast<std::uint32_t>(waits_for_.size()); }
  // Who waits for `node`.
  std::span<const ProcessIndex> dependents(ProcessIndex node) const {
    return {dependents_.data() + begin_[node], dependents_.data() + begin_[node + 1]};
  }
  // For how many others `node` waits.
  std::uint32_t dependencies(ProcessIndex node) const { return waits_for_[node]; }

  // The nodes of one cycle in order, the first not repeated; empty when there is none.
  std::vector<ProcessIndex> find_cycle() const;

  // The longest chain in which each waits for the one before, among the nodes for which `counts` is
  // true (empty: all), each of which waits for such nodes alone. Of several that are as long, one
  // that begins early in the configuration. Empty when nothing counts. REQUIRES: no cycle.
  std::vector<ProcessIndex> longest_chain(const std::vector<bool>& counts) const;

  // How many nodes stand before each node on the longest chain to it: 0 for who waits for nobody.
  // REQUIRES: no cycle.
  std::vector<std::uint32_t> depths() const;

 private:
  std::vector<std::uint64_t> begin_{0};
  std::vector<ProcessIndex> dependents_;
  std::vector<std::uint32_t> waits_for_;
};

// Checks everything about a task that does not depend on the machine: names, uniqueness, ranges,
// cmdline length, constraints (known names, all regular or all final, no cycle, nothing behind a
// daemon, nothing lasting behind an ephemeral). The error's message starts with the JSON path of
// the offender ("processes[3].name: ..."). On success, the graph.
Result<Graph> check_task(const TaskConfig& task);

// What is looked at, and when it is enough.
struct FaultSearch {
  std::size_t most = 1;
  bool orders = true;  // also the constraints; else what only the names in them could tell
};
// All that check_task() refuses, each as it would say it, until there are `most`; empty: nothing.
// A cycle that shares its last step with another is found with that one alone.
std::vector<Error> find_faults(const TaskConfig& task, const FaultSearch& search);

}  // namespace thermos
