#include "core/explain/graph_layout.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

namespace thermos {
namespace {

// One neighbour of a process, and the condition of the edge between them.
using Joint = std::pair<ProcessIndex, Condition>;
using Joints = std::vector<std::vector<Joint>>;

// What siblings have in common. The lists outlive it.
struct Kind {
  std::uint32_t flags = 0;
  std::span<const Joint> before;
  std::span<const Joint> after;

  bool operator<(const Kind& other) const {
    if (flags != other.flags) return flags < other.flags;
    const auto less = [](std::span<const Joint> a, std::span<const Joint> b) {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    };
    if (less(before, other.before)) return true;
    if (less(other.before, before)) return false;
    return less(after, other.after);
  }
};

class Layout {
 public:
  Layout(const TaskConfig& task, const Graph& graph) : task_(task), graph_(graph) {}

  GraphLayout make() {
    find_joints();
    find_layers();
    fold();
    join_nodes();
    order_layers();
    return number_by_place();
  }

 private:
  void find_joints() {
    before_.resize(graph_.size());
    after_.resize(graph_.size());
    for (ProcessIndex p = 0; p < graph_.size(); ++p) {
      for (std::size_t c = 0; c < kConditions; ++c) {
        const auto condition = static_cast<Condition>(c);
        for (const ProcessIndex next : graph_.dependents(p, condition)) {
          after_[p].emplace_back(next, condition);
          before_[next].emplace_back(p, condition);
        }
      }
    }
    // `before_` came in ascending order, but `after_` by condition.
    for (auto& joints : after_) std::sort(joints.begin(), joints.end());
  }

  void find_layers() {
    layer_ = graph_.depths();
    std::uint32_t regular = 0;
    for (ProcessIndex p = 0; p < graph_.size(); ++p) {
      if (!task_.processes[p].final) regular = std::max(regular, layer_[p] + 1);
    }
    for (ProcessIndex p = 0; p < graph_.size(); ++p) {
      if (task_.processes[p].final) layer_[p] += regular;
      made_.layers = std::max(made_.layers, layer_[p] + 1);
    }
  }

  void fold() {
    std::map<Kind, std::uint32_t> nodes;
    node_of_.resize(graph_.size());
    for (ProcessIndex p = 0; p < graph_.size(); ++p) {
      const ProcessConfig& process = task_.processes[p];
      const std::uint32_t flags =
          (process.final ? 1U : 0U) | (process.daemon ? 2U : 0U) | (process.ephemeral ? 4U : 0U);
      const auto [at, added] = nodes.emplace(Kind{flags, before_[p], after_[p]},
                                             static_cast<std::uint32_t>(made_.nodes.size()));
      if (added) made_.nodes.push_back({{}, layer_[p], 0});
      made_.nodes[at->second].members.push_back(p);
      node_of_[p] = at->second;
    }
  }

  // All members of a node have the same neighbours, so the first speaks for them.
  void join_nodes() {
    neighbours_.resize(made_.nodes.size());
    for (std::uint32_t from = 0; from < made_.nodes.size(); ++from) {
      const std::size_t first = made_.edges.size();
      for (const auto& [other, condition] : after_[made_.nodes[from].members.front()]) {
        const std::uint32_t to = node_of_[other];
        // The edges to the other members of that node are the same edge.
        if (other != made_.nodes[to].members.front()) continue;
        made_.edges.push_back({from, to, condition});
      }
      for (std::size_t i = first; i < made_.edges.size(); ++i) {
        const std::uint32_t to = made_.edges[i].to;
        neighbours_[from].push_back(to);
        neighbours_[to].push_back(from);
      }
    }
  }

  // Moves each node to the middle of its neighbours in the layers that were ordered before.
  void order_layers() {
    std::vector<std::vector<std::uint32_t>> layers(made_.layers);
    for (std::uint32_t node = 0; node < made_.nodes.size(); ++node) {
      layers[made_.nodes[node].layer].push_back(node);
    }
    at_.resize(made_.nodes.size());
    for (auto& layer : layers) spread(layer);
    // More sweeps change little.
    constexpr int kSweeps = 4;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t i = 0; i < layers.size(); ++i) {
        auto& layer = layers[down ? i : layers.size() - 1 - i];
        order(layer, down);
        spread(layer);
      }
    }
    for (const auto& layer : layers) {
      for (std::uint32_t place = 0; place < layer.size(); ++place) {
        made_.nodes[layer[place]].place = place;
      }
    }
  }

  // So that layers of different sizes can be compared, a layer reaches from 0 to 1.
  void spread(const std::vector<std::uint32_t>& layer) {
    for (std::size_t i = 0; i < layer.size(); ++i) {
      at_[layer[i]] = (static_cast<double>(i) + 0.5) / static_cast<double>(layer.size());
    }
  }

  void order(std::vector<std::uint32_t>& layer, bool down) {
    std::vector<std::pair<double, std::uint32_t>> drawn;
    drawn.reserve(layer.size());
    for (const std::uint32_t node : layer) drawn.emplace_back(middle_of(node, down), node);
    std::stable_sort(drawn.begin(), drawn.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(drawn.begin(), drawn.end(), layer.begin(),
                   [](const auto& one) { return one.second; });
  }

  double middle_of(std::uint32_t node, bool down) const {
    double sum = 0;
    std::size_t count = 0;
    for (const std::uint32_t other : neighbours_[node]) {
      const bool above = made_.nodes[other].layer < made_.nodes[node].layer;
      if (above != down) continue;
      sum += at_[other];
      ++count;
    }
    return count == 0 ? at_[node] : sum / static_cast<double>(count);
  }

  GraphLayout number_by_place() {
    std::vector<std::uint32_t> order(made_.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    const auto where = [this](std::uint32_t node) {
      return std::pair(made_.nodes[node].layer, made_.nodes[node].place);
    };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return where(a) < where(b); });
    std::vector<std::uint32_t> number(order.size());
    GraphLayout sorted;
    sorted.layers = made_.layers;
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      number[order[i]] = i;
      sorted.nodes.push_back(std::move(made_.nodes[order[i]]));
    }
    for (const GraphLayout::Edge& edge : made_.edges) {
      sorted.edges.push_back({number[edge.from], number[edge.to], edge.condition});
    }
    std::sort(sorted.edges.begin(), sorted.edges.end(), [](const auto& a, const auto& b) {
      return std::tie(a.from, a.to, a.condition) < std::tie(b.from, b.to, b.condition);
    });
    return sorted;
  }

  const TaskConfig& task_;
  const Graph& graph_;
  Joints before_;
  Joints after_;
  std::vector<std::uint32_t> layer_;    // of each process
  std::vector<std::uint32_t> node_of_;  // of each process
  GraphLayout made_;
  std::vector<std::vector<std::uint32_t>> neighbours_;  // of each node
  std::vector<double> at_;                              // of each node, in its layer
};

}  // namespace

GraphLayout lay_out(const TaskConfig& task, const Graph& graph) {
  return Layout(task, graph).make();
}

}  // namespace thermos
