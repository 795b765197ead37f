#include "core/task/graph.h"

#include <algorithm>

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

std::vector<ProcessIndex> Graph::find_cycle() const {
  // Depth first with an explicit stack, because a chain of a million processes would need a million
  // call frames.
  enum class Seen : std::uint8_t { No, OnPath, Done };
  std::vector<Seen> seen(size(), Seen::No);
  std::vector<std::uint64_t> cursor(size());  // how many of a node's dependents were looked at
  std::vector<ProcessIndex> path;
  for (ProcessIndex start = 0; start < size(); ++start) {
    if (seen[start] != Seen::No) continue;
    seen[start] = Seen::OnPath;
    path.push_back(start);
    while (!path.empty()) {
      const ProcessIndex node = path.back();
      const std::span<const ProcessIndex> after = dependents(node);
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
  return {};
}

std::vector<std::uint32_t> Graph::depths() const {
  std::vector<std::uint32_t> depth(size(), 0);
  std::vector<std::uint32_t> unmet = waits_for_;
  std::vector<ProcessIndex> ready;
  for (ProcessIndex node = 0; node < size(); ++node) {
    if (unmet[node] == 0) ready.push_back(node);
  }
  for (std::size_t i = 0; i < ready.size(); ++i) {
    const ProcessIndex node = ready[i];
    for (const ProcessIndex next : dependents(node)) {
      depth[next] = std::max(depth[next], depth[node] + 1);
      if (--unmet[next] == 0) ready.push_back(next);
    }
  }
  return depth;
}

std::vector<ProcessIndex> Graph::longest_chain(const std::vector<bool>& counts) const {
  const std::vector<std::uint32_t> depth = depths();
  constexpr auto kNobody = static_cast<ProcessIndex>(-1);
  // For each node, the first of its deepest predecessors.
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
