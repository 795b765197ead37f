#include "core/task/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "million.h"

namespace thermos {
namespace {

std::vector<ProcessIndex> dependents(const Graph& graph, ProcessIndex node) {
  const auto span = graph.dependents(node);
  return {span.begin(), span.end()};
}

TEST(Graph, IsEmptyByDefault) {
  EXPECT_EQ(Graph().size(), 0u);
  EXPECT_TRUE(Graph().find_cycle().empty());
  EXPECT_EQ(Graph(0, {}).size(), 0u);
}

TEST(Graph, TellsWhoWaitsForWhom) {
  const Graph graph(4, {{2, 3}, {0, 3}, {0, 1}});
  EXPECT_EQ(graph.size(), 4u);
  EXPECT_EQ(dependents(graph, 0), (std::vector<ProcessIndex>{1, 3}));
  EXPECT_EQ(dependents(graph, 1), (std::vector<ProcessIndex>{}));
  EXPECT_EQ(dependents(graph, 2), (std::vector<ProcessIndex>{3}));
  EXPECT_EQ(graph.dependencies(0), 0u);
  EXPECT_EQ(graph.dependencies(3), 2u);
}

TEST(Graph, KeepsAnEdgeWrittenTwiceOnce) {
  const Graph graph(2, {{0, 1}, {0, 1}, {0, 1}});
  EXPECT_EQ(dependents(graph, 0), (std::vector<ProcessIndex>{1}));
  EXPECT_EQ(graph.dependencies(1), 1u);
}

TEST(Graph, TellsConditionsApart) {
  const Graph plain(3, {{0, 1}, {0, 2}});
  EXPECT_FALSE(plain.mixed());
  EXPECT_EQ(plain.dependents(0, Condition::Success).size(), 2U);
  EXPECT_TRUE(plain.dependents(0, Condition::Start).empty());
  const Graph mixed(4, {{0, 3, Condition::End},
                        {0, 2, Condition::Start},
                        {0, 1, Condition::Start},
                        {0, 1, Condition::Start},
                        {0, 1},
                        {1, 2, Condition::Ready}});
  EXPECT_TRUE(mixed.mixed());
  const auto of = [&mixed](ProcessIndex node, Condition condition) {
    const auto span = mixed.dependents(node, condition);
    return std::vector<ProcessIndex>(span.begin(), span.end());
  };
  EXPECT_EQ(of(0, Condition::Success), (std::vector<ProcessIndex>{1}));
  EXPECT_EQ(of(0, Condition::Start), (std::vector<ProcessIndex>{1, 2}));
  EXPECT_EQ(of(0, Condition::End), (std::vector<ProcessIndex>{3}));
  EXPECT_EQ(of(1, Condition::Ready), (std::vector<ProcessIndex>{2}));
  EXPECT_EQ(dependents(mixed, 0), (std::vector<ProcessIndex>{1, 1, 2, 3}));
  EXPECT_EQ(mixed.dependencies(1), 2U);
  EXPECT_EQ(mixed.depths(), (std::vector<std::uint32_t>{0, 1, 2, 1}));
}

TEST(Graph, FindsACycleThroughAnyCondition) {
  EXPECT_EQ(Graph(3, {{0, 1, Condition::Start}, {1, 2, Condition::End}, {2, 0}}).find_cycle(),
            (std::vector<ProcessIndex>{0, 1, 2}));
}

TEST(Graph, FindsACycleInOrderFromItsSmallestNode) {
  const Graph graph(6, {{5, 4}, {4, 2}, {2, 5}, {0, 1}, {1, 4}, {2, 3}});
  EXPECT_EQ(graph.find_cycle(), (std::vector<ProcessIndex>{2, 5, 4}));
}

TEST(Graph, FindsANodeThatWaitsForItself) {
  EXPECT_EQ(Graph(3, {{0, 1}, {1, 1}, {1, 2}}).find_cycle(), (std::vector<ProcessIndex>{1}));
}

TEST(Graph, ADiamondIsNoCycle) {
  EXPECT_TRUE(Graph(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {0, 3}}).find_cycle().empty());
}

TEST(Graph, AgreesWithTheEdgesItWasGiven) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const auto nodes = static_cast<std::uint32_t>(1 + random() % 12);
    std::vector<Graph::Edge> edges(random() % 24);
    std::set<std::pair<ProcessIndex, ProcessIndex>> expected;
    for (auto& edge : edges) {
      edge = {static_cast<ProcessIndex>(random() % nodes),
              static_cast<ProcessIndex>(random() % nodes)};
      expected.insert({edge.before, edge.after});
    }
    const Graph graph(nodes, edges);
    std::set<std::pair<ProcessIndex, ProcessIndex>> seen;
    std::vector<std::uint32_t> waits(nodes);
    for (ProcessIndex node = 0; node < nodes; ++node) {
      for (const ProcessIndex after : graph.dependents(node)) {
        EXPECT_TRUE(seen.insert({node, after}).second) << "seed " << seed;
        ++waits[after];
      }
    }
    EXPECT_EQ(seen, expected) << "seed " << seed;
    for (ProcessIndex node = 0; node < nodes; ++node) {
      EXPECT_EQ(graph.dependencies(node), waits[node]) << "seed " << seed;
    }
    // Acyclic exactly when everything can be taken away, dependencies first.
    auto left = expected;
    for (bool progress = true; progress;) {
      progress = false;
      for (ProcessIndex node = 0; node < nodes; ++node) {
        const bool free = std::none_of(left.begin(), left.end(),
                                       [node](const auto& edge) { return edge.second == node; });
        if (free) {
          progress |= std::erase_if(left, [node](const auto& e) { return e.first == node; }) > 0;
        }
      }
    }
    const auto cycle = graph.find_cycle();
    ASSERT_EQ(cycle.empty(), left.empty()) << "seed " << seed;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      EXPECT_TRUE(expected.contains({cycle[i], cycle[(i + 1) % cycle.size()]})) << "seed " << seed;
    }
  }
}

std::vector<ProcessIndex> walk_of(const Graph& graph) {
  std::vector<ProcessIndex> walk;
  for (Graph::Rank rank = 0; rank < graph.size(); ++rank) walk.push_back(graph.node_at(rank));
  return walk;
}

TEST(Graph, RanksNodesInTheOrderInWhichTheyAreWalked) {
  EXPECT_EQ(walk_of(Graph(4, {{0, 1}, {0, 2}, {2, 3}})), (std::vector<ProcessIndex>{0, 1, 2, 3}));
  EXPECT_EQ(walk_of(Graph(5, {{4, 0}, {1, 0}, {1, 3}, {1, 2}})),
            (std::vector<ProcessIndex>{1, 4, 2, 3, 0}));
  EXPECT_EQ(walk_of(Graph(3, {{2, 0, Condition::End}, {2, 0}})),
            (std::vector<ProcessIndex>{1, 2, 0}));
  // What is in a cycle, and behind it, comes last.
  EXPECT_EQ(walk_of(Graph(5, {{0, 1}, {1, 0}, {1, 2}, {4, 3}})),
            (std::vector<ProcessIndex>{4, 3, 0, 1, 2}));
}

TEST(Graph, TellsTheSameByRanks) {
  const Graph graph(6, {{5, 0}, {5, 3}, {5, 1, Condition::Start}, {2, 0}, {3, 1}, {1, 4}});
  for (Graph::Rank rank = 0; rank < graph.size(); ++rank) {
    const ProcessIndex node = graph.node_at(rank);
    EXPECT_EQ(graph.rank_of(node), rank);
    EXPECT_EQ(graph.dependencies_at(rank), graph.dependencies(node));
    std::vector<ProcessIndex> behind;
    for (const Graph::Rank after : graph.behind(rank)) behind.push_back(graph.node_at(after));
    EXPECT_EQ(behind, dependents(graph, node));
  }
  EXPECT_EQ(graph.dependents(5).size(), 3U);
  EXPECT_EQ(graph.dependents(5)[1], 3U);
  EXPECT_TRUE(graph.dependents(5, Condition::End).empty());
}

TEST(Graph, TakesAMillionInAChain) {
  std::vector<Graph::Edge> edges;
  edges.reserve(kMillion);
  for (std::uint32_t i = 0; i + 1 < kMillion; ++i) edges.push_back({i, i + 1});
  const Graph chain(kMillion, edges);
  EXPECT_TRUE(chain.find_cycle().empty());
  EXPECT_EQ(chain.dependencies(kMillion - 1), 1u);

  edges.push_back({kMillion - 1, 0});
  std::vector<ProcessIndex> all(kMillion);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(Graph(kMillion, edges).find_cycle(), all);
}

}  // namespace
}  // namespace thermos
