// The order of a task's processes as a graph of their indexes. check_task() makes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Compressed adjacency lists. An edge that the configuration repeats is kept once; two conditions
// for the same pair are two edges.
class Graph {
 public:
  // The position of a node in a walk of the graph that takes each node as soon as all nodes that it
  // waits for were taken: first the nodes that wait for none, in the task's order, then each node
  // behind the last one that it waits for. Data laid out by ranks is read nearly in the order of
  // memory, even if a million processes wait for each other at random. Nodes in a cycle, or behind
  // one, come last.
  using Rank = std::uint32_t;

  // A list of nodes, which the graph keeps as ranks. Valid as long as the graph.
  class Nodes {
   public:
    class Iterator {
     public:
      using iterator_category = std::input_iterator_tag;
      using value_type = ProcessIndex;
      using difference_type = std::ptrdiff_t;
      using pointer = const ProcessIndex*;
      using reference = ProcessIndex;
      Iterator(const Graph& graph, const Rank* at) : graph_(&graph), at_(at) {}
      ProcessIndex operator*() const { return graph_->node_at(*at_); }
      Iterator& operator++() {
        ++at_;
        return *this;
      }
      bool operator==(const Iterator& other) const { return at_ == other.at_; }

     private:
      const Graph* graph_;
      const Rank* at_;
    };

    Nodes(const Graph& graph, std::span<const Rank> ranks) : graph_(&graph), ranks_(ranks) {}
    Iterator begin() const { return {*graph_, ranks_.data()}; }
    Iterator end() const { return {*graph_, ranks_.data() + ranks_.size()}; }
    std::size_t size() const { return ranks_.size(); }
    bool empty() const { return ranks_.empty(); }
    ProcessIndex operator[](std::size_t i) const { return graph_->node_at(ranks_[i]); }

   private:
    const Graph* graph_;
    std::span<const Rank> ranks_;
  };

  struct Edge {
    ProcessIndex before;
    ProcessIndex after;
    Condition condition = Condition::Success;
  };

  Graph();  // makes a graph without nodes
  // Merges repeated edges. REQUIRES: every index in `edges` is below `nodes`.
  Graph(std::uint32_t nodes, const std::vector<Edge>& edges);

  std::uint32_t size() const { return static_cast<std::uint32_t>(waits_for_.size()); }
  // Whether the graph has edges with other conditions than Success.
  bool mixed() const { return lists_ != 1; }
  // The nodes that wait for `node`, those that wait for its success first. A node that waits for
  // two conditions of `node` is listed twice.
  Nodes dependents(ProcessIndex node) const { return {*this, behind(rank_of(node))}; }
  // The nodes that wait for that condition of `node`, in ascending order of their indexes.
  Nodes dependents(ProcessIndex node, Condition condition) const {
    return {*this, behind(rank_of(node), condition)};
  }
  // The number of edges that lead to `node`.
  std::uint32_t dependencies(ProcessIndex node) const { return waits_for_[rank_of(node)]; }

  // The same by ranks instead of indexes, in the same order.
  Rank rank_of(ProcessIndex node) const { return ranks_.empty() ? node : ranks_[node]; }
  void prefetch_rank(ProcessIndex node) const {
    if (!ranks_.empty()) __builtin_prefetch(&ranks_[node]);
  }
  ProcessIndex node_at(Rank rank) const { return nodes_.empty() ? rank : nodes_[rank]; }
  std::span<const Rank> behind(Rank rank) const {
    return span(std::size_t{rank} * lists_, (std::size_t{rank} + 1) * lists_);
  }
  std::span<const Rank> behind(Rank rank, Condition condition) const {
    const std::size_t first = std::size_t{rank} * lists_ + static_cast<std::size_t>(condition);
    if (mixed() || condition == Condition::Success) return span(first, first + 1);
    return {};
  }
  std::uint32_t dependencies_at(Rank rank) const { return waits_for_[rank]; }

  // Returns the nodes of one cycle in order, without repeating the first; empty if there is no
  // cycle.
  std::vector<ProcessIndex> find_cycle() const;

  // Returns the longest chain in which each node waits for the one before it. Only nodes for which
  // `counts` is true take part (all if `counts` is empty); REQUIRES that these wait for such nodes
  // only. Among chains of equal length, prefers one that begins early in the configuration. Returns
  // an empty chain if no node counts. REQUIRES: no cycle.
  std::vector<ProcessIndex> longest_chain(const std::vector<bool>& counts) const;

  // Returns for each node how many nodes precede it on the longest chain that ends with it; 0 for a
  // node that waits for none. REQUIRES: no cycle.
  std::vector<std::uint32_t> depths() const;

 private:
  std::span<const Rank> span(std::size_t first_list, std::size_t end_list) const {
    return {dependents_.data() + begin_[first_list], dependents_.data() + begin_[end_list]};
  }
  void sort_edges(const std::vector<Edge>& edges);
  void rank_nodes();
  void lay_out();

  // Each node has one list of dependents, or one for each condition if the graph is mixed(): most
  // tasks have only Success, and pay nothing for the other conditions. All of these vectors are by
  // rank.
  std::size_t lists_ = 1;
  std::vector<std::uint64_t> begin_;  // of each list in dependents_, and the end of the last one
  std::vector<Rank> dependents_;
  std::vector<std::uint32_t> waits_for_;
  // Both are empty if every node's rank is its index.
  std::vector<Rank> ranks_;
  std::vector<ProcessIndex> nodes_;
  bool acyclic_ = true;
};

}  // namespace thermos
