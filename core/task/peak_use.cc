#include "core/task/peak_use.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

namespace thermos {
namespace {

using Amount = std::int64_t;
constexpr Amount kUnlimited = std::numeric_limits<Amount>::max() / 4;
// Up to these sizes the flow takes milliseconds, and nobody plans an allocation for a larger task
// by it.
constexpr std::size_t kMostOrdered = 2000;
constexpr std::size_t kMostEdges = 50'000;

// A network of arcs with capacities, and the largest flow through it (Dinic's algorithm).
class Flow {
 public:
  explicit Flow(std::size_t nodes) : arcs_of_(nodes), level_(nodes), next_(nodes) {}

  void add(std::uint32_t from, std::uint32_t to, Amount capacity) {
    arcs_of_[from].push_back(static_cast<std::uint32_t>(arcs_.size()));
    arcs_.push_back({to, capacity});
    arcs_of_[to].push_back(static_cast<std::uint32_t>(arcs_.size()));
    arcs_.push_back({from, 0});
  }

  Amount most(std::uint32_t source, std::uint32_t sink) {
    Amount all = 0;
    while (reaches(source, sink)) {
      std::fill(next_.begin(), next_.end(), 0);
      while (const Amount more = push(source, sink)) all += more;
    }
    return all;
  }

 private:
  struct Arc {
    std::uint32_t to;
    Amount left;
  };

  bool reaches(std::uint32_t source, std::uint32_t sink) {
    std::fill(level_.begin(), level_.end(), -1);
    std::vector<std::uint32_t> queue = {source};
    level_[source] = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for (const std::uint32_t a : arcs_of_[queue[i]]) {
        if (arcs_[a].left == 0 || level_[arcs_[a].to] >= 0) continue;
        level_[arcs_[a].to] = level_[queue[i]] + 1;
        queue.push_back(arcs_[a].to);
      }
    }
    return level_[sink] >= 0;
  }

  // Finds one path without recursion, because a chain may be thousands of nodes long, and returns
  // what it carries.
  Amount push(std::uint32_t source, std::uint32_t sink) {
    std::vector<std::uint32_t> path;
    std::uint32_t at = source;
    while (at != sink) {
      const std::vector<std::uint32_t>& arcs = arcs_of_[at];
      std::size_t& next = next_[at];
      while (next < arcs.size() &&
             (arcs_[arcs[next]].left == 0 || level_[arcs_[arcs[next]].to] != level_[at] + 1)) {
        ++next;
      }
      if (next < arcs.size()) {
        path.push_back(arcs[next]);
        at = arcs_[arcs[next]].to;
        continue;
      }
      if (path.empty()) return 0;
      at = arcs_[path.back() ^ 1U].to;
      path.pop_back();
      ++next_[at];
    }
    Amount least = kUnlimited;
    for (const std::uint32_t a : path) least = std::min(least, arcs_[a].left);
    for (const std::uint32_t a : path) {
      arcs_[a].left -= least;
      arcs_[a ^ 1U].left += least;
    }
    return least;
  }

  std::vector<Arc> arcs_;  // each arc is followed by its reverse
  std::vector<std::vector<std::uint32_t>> arcs_of_;
  std::vector<int> level_;
  std::vector<std::size_t> next_;
};

// The amounts of one resource that the processes ask for, as whole numbers.
using AmountOfEach = std::vector<Amount>;

// Returns the most that processes which can run beside each other ask for together: the heaviest
// antichain of the order "ends before the other starts". By Dilworth's theorem with weights, this
// is the sum that all processes ask for, less the most that can be handed on from a process that
// ends to one that starts then.
Amount heaviest_beside(const AmountOfEach& asked, const Graph& graph) {
  const std::uint32_t n = graph.size();
  const std::uint32_t source = 2 * n;
  const std::uint32_t sink = source + 1;
  Flow flow(std::size_t{sink} + 1);
  const auto start = [](ProcessIndex p) { return 2 * p; };
  const auto end = [](ProcessIndex p) { return 2 * p + 1; };
  for (ProcessIndex p = 0; p < n; ++p) {
    flow.add(start(p), end(p), kUnlimited);
    if (asked[p] == 0) continue;
    flow.add(source, end(p), asked[p]);
    flow.add(start(p), sink, asked[p]);
  }
  constexpr std::array kEnds = {Condition::Success, Condition::End};
  constexpr std::array kStarts = {Condition::Start, Condition::Ready};
  for (ProcessIndex p = 0; p < n; ++p) {
    for (const Condition condition : kEnds) {
      for (const ProcessIndex q : graph.dependents(p, condition)) {
        flow.add(end(p), start(q), kUnlimited);
      }
    }
    for (const Condition condition : kStarts) {
      for (const ProcessIndex q : graph.dependents(p, condition)) {
        flow.add(start(p), start(q), kUnlimited);
      }
    }
  }
  return std::accumulate(asked.begin(), asked.end(), Amount{0}) - flow.most(source, sink);
}

Amount heaviest(std::vector<Amount> asked, std::size_t most) {
  if (most > 0 && most < asked.size()) {
    std::nth_element(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(most), asked.end(),
                     std::greater<>());
    asked.resize(most);
  }
  return std::accumulate(asked.begin(), asked.end(), Amount{0});
}

std::size_t edges_of(const Graph& graph) {
  std::size_t edges = 0;
  for (ProcessIndex p = 0; p < graph.size(); ++p) edges += graph.dependencies(p);
  return edges;
}

// Returns the peak of the final processes, or of the others. Processes of the other kind count
// nothing.
Amount peak_of(AmountOfEach asked, bool final, const TaskConfig& task, const Graph& graph) {
  for (std::size_t p = 0; p < asked.size(); ++p) {
    if (task.processes[p].final != final) asked[p] = 0;
  }
  const Amount peak = heaviest(asked, task.max_concurrency);
  if (peak == 0 || graph.size() > kMostOrdered || edges_of(graph) > kMostEdges) return peak;
  return std::min(peak, heaviest_beside(asked, graph));
}

// Returns the amount rounded up, and limited so that no sum overflows.
Amount whole(double amount, std::size_t processes) {
  const double most = static_cast<double>(kUnlimited) / static_cast<double>(processes + 1);
  return static_cast<Amount>(std::clamp(std::ceil(amount), 0.0, most));
}

Amount peak_of(const TaskConfig& task, const Graph& graph,
               const std::function<double(const Resources&)>& of) {
  AmountOfEach asked(task.processes.size());
  for (std::size_t p = 0; p < asked.size(); ++p) {
    const auto& resources = task.processes[p].resources;
    if (resources) asked[p] = whole(of(*resources), asked.size());
  }
  return std::max(peak_of(asked, false, task, graph), peak_of(asked, true, task, graph));
}

}  // namespace

Demand demand_of(const TaskConfig& task, const Graph& graph) {
  Demand demand;
  if (task.resources) {
    demand.declared = true;
    demand.peak = *task.resources;
    return demand;
  }
  constexpr double kMilli = 1000;
  demand.peak.cpu = static_cast<double>(peak_of(task, graph,
                                                [](const Resources& resources) {
                                                  return std::round(resources.cpu * kMilli);
                                                })) /
                    kMilli;
  demand.peak.ram = peak_of(
      task, graph, [](const Resources& resources) { return static_cast<double>(resources.ram); });
  demand.peak.disk = peak_of(
      task, graph, [](const Resources& resources) { return static_cast<double>(resources.disk); });
  demand.silent = static_cast<std::size_t>(
      std::count_if(task.processes.begin(), task.processes.end(), [](const ProcessConfig& process) {
        return !process.resources || process.resources->cpu == 0;
      }));
  return demand;
}

}  // namespace thermos
