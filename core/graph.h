// The order of a task's processes, by index. Built once from the configuration, after checking.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "core/task.h"

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
  Graph(std::uint32_t nodes, std::vector<Edge> edges);

  std::uint32_t size() const { return static_cast<std::uint32_t>(waits_for_.size()); }
  // Who waits for `node`.
  std::span<const ProcessIndex> dependents(ProcessIndex node) const {
    return {dependents_.data() + begin_[node], dependents_.data() + begin_[node + 1]};
  }
  // For how many others `node` waits.
  std::uint32_t dependencies(ProcessIndex node) const { return waits_for_[node]; }

  // The nodes of one cycle in order, the first not repeated; empty when there is none.
  std::vector<ProcessIndex> find_cycle() const;

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

}  // namespace thermos
