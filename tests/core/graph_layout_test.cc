#include "core/explain/graph_layout.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace thermos {
namespace {

using Edges = std::vector<Graph::Edge>;

TaskConfig numbered_task(std::uint32_t processes, const std::vector<ProcessIndex>& finals = {}) {
  TaskConfig task;
  task.processes.resize(processes);
  for (std::uint32_t p = 0; p < processes; ++p) task.processes[p].name = std::to_string(p);
  for (const ProcessIndex p : finals) task.processes[p].final = true;
  return task;
}

std::vector<std::vector<ProcessIndex>> members_of(const GraphLayout& layout) {
  std::vector<std::vector<ProcessIndex>> members;
  for (const auto& node : layout.nodes) members.push_back(node.members);
  return members;
}

// Every process is in one node, nodes are numbered by layer and place, every edge leads to a later
// layer, and every edge of the graph is between its nodes.
void expect_sound(const GraphLayout& layout, const Graph& graph) {
  std::vector<std::uint32_t> node_of(graph.size(), ~0U);
  std::pair<std::uint32_t, std::uint32_t> next{0, 0};
  for (std::uint32_t n = 0; n < layout.nodes.size(); ++n) {
    const auto& node = layout.nodes[n];
    if (node.layer != next.first) {
      ASSERT_EQ(node.layer, next.first + 1);
      next = {node.layer, 0};
    }
    ASSERT_EQ(node.place, next.second++);
    ASSERT_FALSE(node.members.empty());
    for (const ProcessIndex p : node.members) {
      ASSERT_EQ(node_of[p], ~0U);
      node_of[p] = n;
    }
  }
  ASSERT_EQ(layout.layers, layout.nodes.empty() ? 0 : next.first + 1);
  std::set<std::pair<std::uint32_t, std::uint32_t>> wanted;
  for (ProcessIndex p = 0; p < graph.size(); ++p) {
    ASSERT_NE(node_of[p], ~0U);
    for (const ProcessIndex after : graph.dependents(p)) {
      wanted.emplace(node_of[p], node_of[after]);
    }
  }
  std::set<std::pair<std::uint32_t, std::uint32_t>> got;
  for (const auto& edge : layout.edges) {
    got.emplace(edge.from, edge.to);
    ASSERT_LT(layout.nodes[edge.from].layer, layout.nodes[edge.to].layer);
  }
  EXPECT_EQ(got, wanted);
}

TEST(GraphLayout, HasNothingForNoProcess) {
  const GraphLayout layout = lay_out(TaskConfig(), Graph());
  EXPECT_EQ(layout.layers, 0U);
  EXPECT_TRUE(layout.nodes.empty());
  EXPECT_TRUE(layout.edges.empty());
}

TEST(GraphLayout, PutsEachBehindTheLastThatItWaitsFor) {
  // 0 -> 1 -> 2, 0 -> 2
  const Graph graph(3, Edges{{0, 1}, {1, 2}, {0, 2}});
  const GraphLayout layout = lay_out(numbered_task(3), graph);
  expect_sound(layout, graph);
  EXPECT_EQ(layout.layers, 3U);
  EXPECT_EQ(members_of(layout), (std::vector<std::vector<ProcessIndex>>{{0}, {1}, {2}}));
  EXPECT_EQ(layout.edges, (std::vector<GraphLayout::Edge>{{0, 1}, {0, 2}, {1, 2}}));
}

TEST(GraphLayout, FoldsThoseThatNobodyCouldTellApart) {
  // 0 -> {1, 2, 3} -> 4, and 5, which only 0 leads to.
  const Graph graph(6, Edges{{0, 1}, {0, 2}, {0, 3}, {1, 4}, {2, 4}, {3, 4}, {0, 5}});
  const GraphLayout layout = lay_out(numbered_task(6), graph);
  expect_sound(layout, graph);
  EXPECT_EQ(members_of(layout), (std::vector<std::vector<ProcessIndex>>{{0}, {1, 2, 3}, {5}, {4}}));
}

TEST(GraphLayout, FoldsNothingThatDiffersInKindOrCondition) {
  TaskConfig task = numbered_task(5);
  task.processes[2].daemon = true;
  task.processes[3].ephemeral = true;
  const Graph graph(5, Edges{{0, 1}, {0, 2}, {0, 3}, {0, 4, Condition::Start}});
  const GraphLayout layout = lay_out(task, graph);
  expect_sound(layout, graph);
  EXPECT_EQ(layout.nodes.size(), 5U);
  EXPECT_EQ(layout.edges[3].condition, Condition::Start);
}

TEST(GraphLayout, KeepsEachConditionOfAPair) {
  const Graph graph(2, Edges{{0, 1, Condition::Start}, {0, 1, Condition::End}});
  const GraphLayout layout = lay_out(numbered_task(2), graph);
  EXPECT_EQ(layout.edges,
            (std::vector<GraphLayout::Edge>{{0, 1, Condition::Start}, {0, 1, Condition::End}}));
}

TEST(GraphLayout, PutsFinalizersBehindAllOthers) {
  const Graph graph(4, Edges{{0, 1}, {2, 3}});
  const GraphLayout layout = lay_out(numbered_task(4, {2, 3}), graph);
  expect_sound(layout, graph);
  EXPECT_EQ(layout.layers, 4U);
  EXPECT_EQ(members_of(layout), (std::vector<std::vector<ProcessIndex>>{{0}, {1}, {2}, {3}}));
}

TEST(GraphLayout, CrossesNothingThatNeedNotCross) {
  // 0 -> 5, 1 -> 4, 2 -> 3: in the order of their numbers all would cross.
  const Graph graph(6, Edges{{0, 5}, {1, 4}, {2, 3}});
  const GraphLayout layout = lay_out(numbered_task(6), graph);
  expect_sound(layout, graph);
  for (const auto& edge : layout.edges) {
    EXPECT_EQ(layout.nodes[edge.from].place, layout.nodes[edge.to].place);
  }
}

TEST(GraphLayout, HandlesTenThousandProcessesOfAnyShape) {
  constexpr std::uint32_t kMany = 10'000;
  Edges chain;
  for (std::uint32_t p = 0; p + 1 < kMany; ++p) chain.push_back({p, p + 1});
  const Graph line(kMany, chain);
  const GraphLayout of_line = lay_out(numbered_task(kMany), line);
  expect_sound(of_line, line);
  EXPECT_EQ(of_line.layers, kMany);

  Edges fan;
  for (std::uint32_t p = 1; p + 1 < kMany; ++p) {
    fan.push_back({0, p});
    fan.push_back({p, kMany - 1});
  }
  EXPECT_EQ(lay_out(numbered_task(kMany), Graph(kMany, fan)).nodes.size(), 3U);

  // 100 layers of 100, each process behind three of the layer before.
  Edges mesh;
  for (std::uint32_t p = 100; p < kMany; ++p) {
    const std::uint32_t above = (p / 100 - 1) * 100;
    for (const std::uint32_t step : {0U, 7U, 31U}) mesh.push_back({above + (p + step) % 100, p});
  }
  const Graph net(kMany, mesh);
  const GraphLayout of_net = lay_out(numbered_task(kMany), net);
  expect_sound(of_net, net);
  EXPECT_EQ(of_net.nodes.size(), kMany);
  EXPECT_EQ(of_net.edges.size(), mesh.size());
}

}  // namespace
}  // namespace thermos
