#include "core/task/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace thermos {
namespace {

using Mark = Planner::Mark;

std::vector<bool> everyone(std::uint32_t n) {
  return std::vector<bool>(n, true);
}

std::vector<ProcessIndex> take(Planner& planner) {
  std::vector<ProcessIndex> out;
  out.swap(planner.newly_runnable());
  return out;
}

void run(Planner& planner, ProcessIndex p) {
  planner.set_running(p);
  planner.set_finished(p);
}

TEST(Planner, StartsWithWhatWaitsForNobodyInTaskOrder) {
  const Graph graph(4, {{2, 0}, {1, 3}});
  Planner planner(graph, everyone(4));
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1, 2}));
  EXPECT_EQ(planner.mark(0), Mark::Blocked);
  EXPECT_EQ(planner.runnable(), 2u);
  EXPECT_EQ(planner.size(), 4u);
}

TEST(Planner, FreesADependentWithItsLastDependencyOnly) {
  const Graph graph(3, {{0, 2}, {1, 2}});
  Planner planner(graph, everyone(3));
  take(planner);
  run(planner, 1);
  EXPECT_TRUE(take(planner).empty());
  EXPECT_EQ(planner.mark(2), Mark::Blocked);
  run(planner, 0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{2}));
  EXPECT_EQ(planner.mark(2), Mark::Runnable);
}

TEST(Planner, ADoubledEdgeCountsOnce) {
  const Graph graph(2, {{0, 1}, {0, 1}, {0, 1}});
  Planner planner(graph, everyone(2));
  take(planner);
  run(planner, 0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1}));
}

TEST(Planner, AFailureFreesNobody) {
  const Graph graph(2, {{0, 1}});
  Planner planner(graph, everyone(2));
  take(planner);
  planner.set_running(0);
  planner.set_failed(0);
  EXPECT_TRUE(take(planner).empty());
  EXPECT_EQ(planner.mark(1), Mark::Blocked);
  EXPECT_EQ(planner.runnable() + planner.running(), 0u);
  EXPECT_FALSE(planner.complete());
}

TEST(Planner, ResetMakesItRunnableAgainAndTellsNobody) {
  const Graph graph(1, {});
  Planner planner(graph, everyone(1));
  take(planner);
  planner.set_running(0);
  EXPECT_EQ(planner.runnable(), 0u);
  planner.reset(0);
  EXPECT_EQ(planner.mark(0), Mark::Runnable);
  EXPECT_EQ(planner.runnable(), 1u);
  EXPECT_TRUE(take(planner).empty());
}

TEST(Planner, EdgesToOthersDoNotCount) {
  const Graph graph(3, {{0, 1}, {1, 2}});
  Planner planner(graph, {true, false, true});
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{0, 2}));
  EXPECT_EQ(planner.mark(1), Mark::Absent);
  EXPECT_EQ(planner.size(), 2u);
  run(planner, 0);
  EXPECT_EQ(planner.mark(1), Mark::Absent);
  run(planner, 2);
  EXPECT_TRUE(planner.complete());
}

TEST(Planner, NobodyIsComplete) {
  const Graph graph(2, {});
  const Planner planner(graph, {false, false});
  EXPECT_TRUE(planner.complete());
}

TEST(Planner, AResumeMayTellADependentFirst) {
  const Graph graph(3, {{0, 1}, {1, 2}});
  Planner planner(graph, everyone(3));
  take(planner);
  planner.set_running(1);
  planner.reset(1);
  EXPECT_EQ(planner.mark(1), Mark::Blocked);
  EXPECT_EQ(planner.runnable(), 1u);
  run(planner, 2);  // freed by nobody yet, and must not become runnable a second time
  run(planner, 1);
  EXPECT_TRUE(take(planner).empty());
  run(planner, 0);
  EXPECT_TRUE(take(planner).empty());
  EXPECT_TRUE(planner.complete());
}

// The same rules with sets and maps, asked anew at every step.
struct Naive {
  std::vector<std::set<ProcessIndex>> needs;
  std::set<ProcessIndex> running, finished, failed;

  Mark mark(ProcessIndex p) const {
    if (running.contains(p)) return Mark::Running;
    if (finished.contains(p)) return Mark::Finished;
    if (failed.contains(p)) return Mark::Failed;
    const bool free =
        std::includes(finished.begin(), finished.end(), needs[p].begin(), needs[p].end());
    return free ? Mark::Runnable : Mark::Blocked;
  }
};

void random_walk(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
  const std::uint32_t n = 1 + below(20);
  Naive naive{std::vector<std::set<ProcessIndex>>(n), {}, {}, {}};
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = below(3 * n); i > 0 && n > 1; --i) {
    const ProcessIndex after = 1 + below(n - 1);
    const ProcessIndex before = below(after);
    edges.push_back({before, after});
    naive.needs[after].insert(before);
  }
  const Graph graph(n, edges);
  Planner planner(graph, everyone(n));
  std::set<ProcessIndex> told;  // everything that newly_runnable() ever named
  for (int step = 0; step < 200; ++step) {
    for (const ProcessIndex p : take(planner)) EXPECT_TRUE(told.insert(p).second);
    std::uint32_t counts[6] = {};
    for (ProcessIndex p = 0; p < n; ++p) {
      ASSERT_EQ(planner.mark(p), naive.mark(p)) << p << " at step " << step;
      ++counts[static_cast<int>(planner.mark(p))];
      EXPECT_EQ(told.contains(p), planner.mark(p) != Mark::Blocked);
    }
    EXPECT_EQ(planner.runnable(), counts[static_cast<int>(Mark::Runnable)]);
    EXPECT_EQ(planner.running(), counts[static_cast<int>(Mark::Running)]);
    EXPECT_EQ(planner.finished(), counts[static_cast<int>(Mark::Finished)]);
    EXPECT_EQ(planner.failed(), counts[static_cast<int>(Mark::Failed)]);
    if (planner.runnable() + planner.running() == 0) break;
    ProcessIndex p = below(n);
    while (planner.mark(p) != Mark::Runnable && planner.mark(p) != Mark::Running) p = (p + 1) % n;
    if (planner.mark(p) == Mark::Runnable) {
      planner.set_running(p);
      naive.running.insert(p);
      continue;
    }
    naive.running.erase(p);
    switch (below(8)) {
      case 0:
        planner.set_failed(p);
        naive.failed.insert(p);
        break;
      case 1:
        planner.reset(p);
        break;
      default:
        planner.set_finished(p);
        naive.finished.insert(p);
    }
  }
}

TEST(Planner, AgreesWithANaiveOneOnRandomGraphs) {
  for (std::uint64_t seed = 1; seed <= 500 && !::testing::Test::HasFailure(); ++seed) {
    random_walk(seed);
  }
}

// A million, where the build is a fast one.
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr std::uint32_t kMany = 100'000;
#else
constexpr std::uint32_t kMany = 1'000'000;
#endif

TEST(Planner, PlansAChainOfAMillion) {
  constexpr std::uint32_t kSize = kMany;
  std::vector<Graph::Edge> edges;
  for (ProcessIndex p = 0; p + 1 < kSize; ++p) edges.push_back({p, p + 1});
  const Graph graph(kSize, std::move(edges));
  Planner planner(graph, everyone(kSize));
  ProcessIndex at = 0;
  while (!planner.complete()) {
    ASSERT_EQ(take(planner), std::vector<ProcessIndex>{at});
    run(planner, at++);
  }
  EXPECT_EQ(at, kSize);
}

// Layers of a thousand, each process waiting for three of the layer before.
TEST(Planner, PlansAMillionInLayers) {
  constexpr std::uint32_t kWide = 1000;
  constexpr std::uint32_t kSize = kMany;
  std::vector<Graph::Edge> edges;
  for (ProcessIndex p = kWide; p < kSize; ++p) {
    const ProcessIndex above = p - p % kWide - kWide;
    for (std::uint32_t k = 0; k < 3; ++k) edges.push_back({above + (p + k) % kWide, p});
  }
  const Graph graph(kSize, std::move(edges));
  Planner planner(graph, everyone(kSize));
  std::uint32_t layers = 0;
  for (auto layer = take(planner); !layer.empty(); layer = take(planner)) {
    ASSERT_EQ(layer.size(), kWide);
    ASSERT_EQ(*std::min_element(layer.begin(), layer.end()), layers * kWide);
    for (const ProcessIndex p : layer) run(planner, p);
    ++layers;
  }
  EXPECT_EQ(layers, kSize / kWide);
  EXPECT_TRUE(planner.complete());
}

}  // namespace
}  // namespace thermos
