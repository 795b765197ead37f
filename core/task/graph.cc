#include "core/task/graph.h"

#include <algorithm>
#include <utility>

namespace thermos {

Graph::Graph() : begin_{0} {}

Graph::Graph(std::uint32_t nodes, const std::vector<Edge>& edges)
    : lists_(std::any_of(edges.begin(), edges.end(),
                         [](const Edge& edge) { return edge.condition != Condition::Success; })
                 ? kConditions
                 : 1),
      begin_(std::size_t{nodes} * lists_ + 1),
      dependents_(edges.size()),
      waits_for_(nodes) {
  sort_edges(edges);
  rank_nodes();
  if (!nodes_.empty()) lay_out();
}

// Fills the lists as if every node's rank were its index.
void Graph::sort_edges(const std::vector<Edge>& edges) {
  // A counting sort by the node that is waited for, and the condition; it takes linear time.
  const auto list_of = [this](const Edge& edge) {
    return std::size_t{edge.before} * lists_ + static_cast<std::size_t>(edge.condition);
  };
  for (const Edge& edge : edges) ++begin_[list_of(edge) + 1];
  for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  std::vector<std::uint64_t> next(begin_.begin(), begin_.end() - 1);
  for (const Edge& edge : edges) dependents_[next[list_of(edge)]++] = edge.after;

  // A repeated edge would be counted twice as an unmet dependency and be met once.
  std::uint64_t kept = 0;
  for (std::size_t list = 0; list < next.size(); ++list) {
    const auto first = dependents_.begin() + static_cast<std::ptrdiff_t>(begin_[list]);
    const auto last = dependents_.begin() + static_cast<std::ptrdiff_t>(next[list]);
    std::sort(first, last);
    begin_[list] = kept;
    for (auto it = first, end = std::unique(first, last); it != end; ++it) {
      dependents_[kept++] = *it;
      ++waits_for_[*it];
    }
  }
  begin_.back() = kept;
  dependents_.resize(kept);
}

// Fills nodes_, or leaves it empty if every node's rank is its index. REQUIRES: sort_edges() was
// called.
void Graph::rank_nodes() {
  constexpr std::size_t kAhead = 8;  // how many nodes ahead their lists are prefetched
  std::vector<std::uint32_t> unmet = waits_for_;
  nodes_.reserve(size());
  for (ProcessIndex node = 0; node < size(); ++node) {
    if (unmet[node] == 0) nodes_.push_back(node);
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i + 2 * kAhead < nodes_.size()) {
      __builtin_prefetch(&begin_[nodes_[i + 2 * kAhead] * lists_]);
      __builtin_prefetch(dependents_.data() + begin_[nodes_[i + kAhead] * lists_]);
    }
    const std::size_t list = nodes_[i] * lists_;
    for (const ProcessIndex after : span(list, list + lists_)) {
      if (--unmet[after] == 0) nodes_.push_back(after);
    }
  }
  acyclic_ = nodes_.size() == size();
  if (!acyclic_) {
    for (ProcessIndex node = 0; node < size(); ++node) {
      if (unmet[node] != 0) nodes_.push_back(node);
    }
  }
  if (std::is_sorted(nodes_.begin(), nodes_.end())) nodes_ = {};
}

// Lays all data out in the order of nodes_.
void Graph::lay_out() {
  ranks_.resize(size());
  for (Rank rank = 0; rank < size(); ++rank) ranks_[nodes_[rank]] = rank;
  std::vector<std::uint64_t> begin;
  begin.reserve(begin_.size());
  std::vector<Rank> dependents;
  dependents.reserve(dependents_.size());
  std::vector<std::uint32_t> waits_for;
  waits_for.reserve(waits_for_.size());
  for (const ProcessIndex node : nodes_) {
    for (std::size_t list = node * lists_; list < (node + 1) * lists_; ++list) {
      begin.push_back(dependents.size());
      for (const ProcessIndex after : span(list, list + 1)) dependents.push_back(ranks_[after]);
    }
    waits_for.push_back(waits_for_[node]);
  }
  begin.push_back(dependents.size());
  begin_ = std::move(begin);
  dependents_ = std::move(dependents);
  waits_for_ = std::move(waits_for);
}

std::vector<ProcessIndex> Graph::find_cycle() const {
  if (acyclic_) return {};
  // Depth first with an explicit stack, because a chain of a million processes would need a million
  // call frames.
  enum class Seen : std::uint8_t { No, OnPath, Done };
  std::vector<Seen> seen(size(), Seen::No);
  std::vector<std::uint64_t> cursor(size());  // how many of a node's dependents were looked at
  std::vector<ProcessIndex> path;
  // The loop ends, because there is a cycle.
  for (ProcessIndex start = 0;; ++start) {
    if (seen[start] != Seen::No) continue;
    seen[start] = Seen::OnPath;
    path.push_back(start);
    while (!path.empty()) {
      const ProcessIndex node = path.back();
      const Nodes after = dependents(node);
      if (cursor[node] == after.size()) {
        seen[node] = Seen::Done;
        path.pop_back();
        continue;
      }
      const ProcessIndex next = after[cursor[node]++];
      if (seen[next] == Seen::OnPath) {
        path.erase(path.begin(), std::find(path.begin(), path.end(), next));
        std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
        return path;
      }
      if (seen[next] == Seen::No) {
        seen[next] = Seen::OnPath;
        path.push_back(next);
      }
    }
  }
}

std::vector<std::uint32_t> Graph::depths() const {
  std::vector<std::uint32_t> by_rank(size(), 0);
  for (Rank rank = 0; rank < size(); ++rank) {
    for (const Rank next : behind(rank)) by_rank[next] = std::max(by_rank[next], by_rank[rank] + 1);
  }
  if (nodes_.empty()) return by_rank;
  std::vector<std::uint32_t> depth(size());
  for (ProcessIndex node = 0; node < size(); ++node) depth[node] = by_rank[rank_of(node)];
  return depth;
}

std::vector<ProcessIndex> Graph::longest_chain(const std::vector<bool>& counts) const {
  const std::vector<std::uint32_t> depth = depths();
  constexpr auto kNobody = static_cast<ProcessIndex>(-1);
  // For each node, the first of its predecessors that have the greatest depth.
  std::vector<ProcessIndex> before(size(), kNobody);
  ProcessIndex last = kNobody;
  for (ProcessIndex node = 0; node < size(); ++node) {
    if (!counts.empty() && !counts[node]) continue;
    for (const ProcessIndex next : dependents(node)) {
      if (before[next] == kNobody && depth[next] == depth[node] + 1) before[next] = node;
    }
    if (last == kNobody || depth[node] > depth[last]) last = node;
  }
  std::vector<ProcessIndex> chain;
  for (; last != kNobody; last = before[last]) chain.push_back(last);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace thermos
