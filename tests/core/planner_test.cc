#include "core/task/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "million.h"

namespace thermos {
namespace {

using Mark = Planner::Mark;

std::vector<bool> everyone(std::uint32_t n) {
  return std::vector<bool>(n, true);
}

// A planner that names processes by their indexes.
class IndexedPlan {
 public:
  IndexedPlan(const Graph& graph, const std::vector<bool>& member)
      : graph_(graph), planner_(graph, by_rank(graph, member)) {}

  Mark mark(ProcessIndex p) const { return planner_.mark(graph_.rank_of(p)); }
  bool stuck(ProcessIndex p) const { return planner_.stuck(graph_.rank_of(p)); }
  bool start_awaited(ProcessIndex p) const { return planner_.start_awaited(graph_.rank_of(p)); }
  bool ready_awaited(ProcessIndex p) const { return planner_.ready_awaited(graph_.rank_of(p)); }
  std::vector<ProcessIndex>& newly_runnable() {
    return take(planner_.newly_runnable(), newly_runnable_);
  }
  std::vector<ProcessIndex>& newly_stuck() { return take(planner_.newly_stuck(), newly_stuck_); }
  std::vector<ProcessIndex>& newly_unstuck() {
    return take(planner_.newly_unstuck(), newly_unstuck_);
  }

  void set_running(ProcessIndex p) { planner_.set_running(graph_.rank_of(p)); }
  void reset(ProcessIndex p) { planner_.reset(graph_.rank_of(p)); }
  void set_finished(ProcessIndex p) { planner_.set_finished(graph_.rank_of(p)); }
  void set_failed(ProcessIndex p) { planner_.set_failed(graph_.rank_of(p)); }
  void revive(ProcessIndex p) { planner_.revive(graph_.rank_of(p)); }
  void set_started(ProcessIndex p) { planner_.set_started(graph_.rank_of(p)); }
  void set_ready(ProcessIndex p) { planner_.set_ready(graph_.rank_of(p)); }
  void set_ended(ProcessIndex p) { planner_.set_ended(graph_.rank_of(p)); }

  std::uint32_t size() const { return planner_.size(); }
  std::uint32_t runnable() const { return planner_.runnable(); }
  std::uint32_t running() const { return planner_.running(); }
  std::uint32_t finished() const { return planner_.finished(); }
  std::uint32_t failed() const { return planner_.failed(); }
  bool complete() const { return planner_.complete(); }

 private:
  static std::vector<bool> by_rank(const Graph& graph, const std::vector<bool>& member) {
    std::vector<bool> members(member.size());
    for (ProcessIndex p = 0; p < member.size(); ++p) members[graph.rank_of(p)] = member[p];
    return members;
  }
  std::vector<ProcessIndex>& take(std::vector<Graph::Rank>& ranks,
                                  std::vector<ProcessIndex>& processes) {
    for (const Graph::Rank rank : ranks) processes.push_back(graph_.node_at(rank));
    ranks.clear();
    return processes;
  }

  const Graph& graph_;
  Planner planner_;
  std::vector<ProcessIndex> newly_runnable_;
  std::vector<ProcessIndex> newly_stuck_;
  std::vector<ProcessIndex> newly_unstuck_;
};

std::vector<ProcessIndex> take(IndexedPlan& planner) {
  std::vector<ProcessIndex> out;
  out.swap(planner.newly_runnable());
  return out;
}

void run(IndexedPlan& planner, ProcessIndex p) {
  planner.set_running(p);
  planner.set_finished(p);
}

TEST(Planner, StartsWithWhatWaitsForNobodyInTaskOrder) {
  const Graph graph(4, {{2, 0}, {1, 3}});
  IndexedPlan planner(graph, everyone(4));
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1, 2}));
  EXPECT_EQ(planner.mark(0), Mark::Blocked);
  EXPECT_EQ(planner.runnable(), 2u);
  EXPECT_EQ(planner.size(), 4u);
}

TEST(Planner, FreesADependentWithItsLastDependencyOnly) {
  const Graph graph(3, {{0, 2}, {1, 2}});
  IndexedPlan planner(graph, everyone(3));
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
  IndexedPlan planner(graph, everyone(2));
  take(planner);
  run(planner, 0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1}));
}

TEST(Planner, AFailureFreesNobody) {
  const Graph graph(2, {{0, 1}});
  IndexedPlan planner(graph, everyone(2));
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
  IndexedPlan planner(graph, everyone(1));
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
  IndexedPlan planner(graph, {true, false, true});
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
  const IndexedPlan planner(graph, {false, false});
  EXPECT_TRUE(planner.complete());
}

TEST(Planner, AResumeMayTellADependentFirst) {
  const Graph graph(3, {{0, 1}, {1, 2}});
  IndexedPlan planner(graph, everyone(3));
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

TEST(Planner, AStartFreesWhoNeedsItOnceAndForGood) {
  const Graph graph(3, {{0, 1, Condition::Start}, {0, 2, Condition::Ready}});
  IndexedPlan planner(graph, everyone(3));
  take(planner);
  EXPECT_TRUE(planner.start_awaited(0));
  EXPECT_TRUE(planner.ready_awaited(0));
  EXPECT_FALSE(planner.ready_awaited(1));
  EXPECT_FALSE(planner.start_awaited(1));
  planner.set_running(0);
  EXPECT_TRUE(take(planner).empty()) << "it is on its way, and not there";
  planner.set_started(0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1}));
  EXPECT_FALSE(planner.start_awaited(0));
  planner.reset(0);
  EXPECT_EQ(planner.mark(1), Mark::Runnable);
  planner.set_running(0);
  planner.set_started(0);
  EXPECT_TRUE(take(planner).empty());
  EXPECT_EQ(planner.mark(2), Mark::Blocked);
  planner.set_ready(0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{2}));
  EXPECT_FALSE(planner.ready_awaited(0));
}

TEST(Planner, AnEndFreesHoweverItCame) {
  const Graph graph(4, {{0, 1, Condition::End}, {2, 3, Condition::End}});
  IndexedPlan planner(graph, everyone(4));
  take(planner);
  run(planner, 0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1}));
  planner.set_running(2);
  planner.set_failed(2);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{3}));
}

TEST(Planner, TwoConditionsOfOneProcessAreBothNeeded) {
  const Graph graph(2, {{0, 1, Condition::Start}, {0, 1}});
  IndexedPlan planner(graph, everyone(2));
  take(planner);
  planner.set_running(0);
  planner.set_started(0);
  EXPECT_TRUE(take(planner).empty());
  planner.set_finished(0);
  EXPECT_EQ(take(planner), (std::vector<ProcessIndex>{1}));
}

TEST(Planner, WhatCanNotComeAboutRulesOutAllBehindIt) {
  // 0 fails; 1 needs its success, 2 the end of 1, 3 the start of 2, and 4 the end of 0.
  const Graph graph(
      5,
      {{0, 1}, {1, 2, Condition::End}, {2, 3, Condition::Start}, {0, 3}, {0, 4, Condition::End}});
  IndexedPlan planner(graph, everyone(5));
  take(planner);
  planner.set_running(0);
  planner.set_started(0);
  EXPECT_TRUE(planner.newly_stuck().empty());
  planner.set_failed(0);
  std::vector<ProcessIndex> stuck = planner.newly_stuck();
  std::sort(stuck.begin(), stuck.end());
  EXPECT_EQ(stuck, (std::vector<ProcessIndex>{1, 2, 3}));
  EXPECT_TRUE(planner.stuck(3));
  EXPECT_FALSE(planner.stuck(4));
}

TEST(Planner, AnEndWithoutAStartRulesOutWhoNeedsIt) {
  const Graph graph(3, {{0, 1, Condition::Start}, {0, 2, Condition::Ready}});
  IndexedPlan planner(graph, everyone(3));
  planner.set_running(0);
  planner.set_finished(0);  // an ephemeral process that could not be launched, say
  EXPECT_EQ(planner.newly_stuck(), (std::vector<ProcessIndex>{1, 2}));
}

TEST(Planner, WhoRunsThoughItIsRuledOutIsStuckWhenItIsBlockedAgain) {
  const Graph graph(3, {{0, 1}, {1, 2}});
  IndexedPlan planner(graph, everyone(3));
  planner.set_running(1);
  planner.set_running(0);
  planner.set_failed(0);
  EXPECT_TRUE(planner.newly_stuck().empty());
  planner.reset(1);
  EXPECT_EQ(planner.newly_stuck(), (std::vector<ProcessIndex>{1, 2}));
}

TEST(Planner, ARevivalRulesInAllThatTheFailureRuledOut) {
  // 1 needs the success of 0, 2 that of 1 and of 4, 3 the end of 0, and 5 that 0 is ready.
  const Graph graph(6, {{0, 1}, {1, 2}, {4, 2}, {0, 3, Condition::End}, {0, 5, Condition::Ready}});
  IndexedPlan planner(graph, everyone(6));
  for (const ProcessIndex p : {0, 4}) {
    planner.set_running(p);
    planner.set_failed(p);
  }
  EXPECT_TRUE(planner.stuck(1) && planner.stuck(2) && planner.stuck(5));
  take(planner);
  planner.revive(0);
  EXPECT_EQ(planner.mark(0), Mark::Runnable);
  EXPECT_EQ(planner.failed(), 1u);
  EXPECT_EQ(planner.newly_unstuck(), (std::vector<ProcessIndex>{1, 5}));
  EXPECT_TRUE(planner.stuck(2)) << "4 has failed all the same";
  EXPECT_EQ(planner.mark(3), Mark::Runnable) << "the end has come";
  planner.revive(4);
  EXPECT_FALSE(planner.stuck(2));
  planner.newly_stuck().clear();
  planner.set_running(0);
  planner.set_failed(0);
  EXPECT_EQ(planner.newly_stuck(), (std::vector<ProcessIndex>{1, 2, 5}));
  EXPECT_TRUE(take(planner).empty());
}

TEST(Planner, AResumeTellsThatARevivedProcessHadEnded) {
  const Graph graph(2, {{0, 1, Condition::End}});
  IndexedPlan planner(graph, everyone(2));
  take(planner);
  planner.set_running(0);
  planner.set_ended(0);
  planner.reset(0);
  EXPECT_EQ(take(planner), std::vector<ProcessIndex>{1});
  run(planner, 0);
  EXPECT_TRUE(take(planner).empty());
}

// The same rules with sets and maps, asked anew at every step.
struct Naive {
  std::vector<std::set<std::pair<ProcessIndex, Condition>>> needs;
  std::set<ProcessIndex> running, finished, failed, started, ready, revived;

  bool over(ProcessIndex p) const { return finished.contains(p) || failed.contains(p); }
  bool holds(ProcessIndex p, Condition condition) const {
    switch (condition) {
      case Condition::Success:
        return finished.contains(p);
      case Condition::Start:
        return started.contains(p);
      case Condition::Ready:
        return ready.contains(p);
      case Condition::End:
        break;
    }
    return over(p) || revived.contains(p);
  }
  Mark mark(ProcessIndex p) const {
    if (running.contains(p)) return Mark::Running;
    if (finished.contains(p)) return Mark::Finished;
    if (failed.contains(p)) return Mark::Failed;
    const bool free = std::all_of(needs[p].begin(), needs[p].end(), [this](const auto& need) {
      return holds(need.first, need.second);
    });
    return free ? Mark::Runnable : Mark::Blocked;
  }
  bool stuck(ProcessIndex p) const {
    if (mark(p) != Mark::Blocked) return false;
    return std::any_of(needs[p].begin(), needs[p].end(), [this](const auto& need) {
      return !holds(need.first, need.second) && (over(need.first) || stuck(need.first));
    });
  }
};

void random_walk(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
  const std::uint32_t n = 1 + below(20);
  Naive naive;
  naive.needs.resize(n);
  const bool mixed = below(3) != 0;
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = below(3 * n); i > 0 && n > 1; --i) {
    const ProcessIndex after = 1 + below(n - 1);
    const ProcessIndex before = below(after);
    const auto condition = static_cast<Condition>(mixed ? below(kConditions) : 0);
    edges.push_back({before, after, condition});
    naive.needs[after].insert({before, condition});
  }
  const Graph graph(n, edges);
  IndexedPlan planner(graph, everyone(n));
  std::set<ProcessIndex> told_stuck;
  std::set<ProcessIndex> told;  // everything that newly_runnable() ever named
  for (int step = 0; step < 200; ++step) {
    for (const ProcessIndex p : take(planner)) EXPECT_TRUE(told.insert(p).second);
    for (const ProcessIndex p : planner.newly_stuck()) EXPECT_TRUE(told_stuck.insert(p).second);
    planner.newly_stuck().clear();
    for (const ProcessIndex p : planner.newly_unstuck()) EXPECT_EQ(told_stuck.erase(p), 1U);
    planner.newly_unstuck().clear();
    std::uint32_t counts[6] = {};
    for (ProcessIndex p = 0; p < n; ++p) {
      ASSERT_EQ(planner.mark(p), naive.mark(p)) << p << " at step " << step;
      ++counts[static_cast<int>(planner.mark(p))];
      EXPECT_EQ(told.contains(p), planner.mark(p) != Mark::Blocked);
      ASSERT_EQ(planner.stuck(p), naive.stuck(p)) << p << " at step " << step;
      EXPECT_EQ(told_stuck.contains(p), planner.stuck(p));
    }
    EXPECT_EQ(planner.runnable(), counts[static_cast<int>(Mark::Runnable)]);
    EXPECT_EQ(planner.running(), counts[static_cast<int>(Mark::Running)]);
    EXPECT_EQ(planner.finished(), counts[static_cast<int>(Mark::Finished)]);
    EXPECT_EQ(planner.failed(), counts[static_cast<int>(Mark::Failed)]);
    if (!naive.failed.empty() && below(8) == 0) {
      const ProcessIndex p = *std::next(naive.failed.begin(), below(naive.failed.size()));
      planner.revive(p);
      naive.failed.erase(p);
      naive.revived.insert(p);
      continue;
    }
    if (planner.runnable() + planner.running() == 0) break;
    ProcessIndex p = below(n);
    while (planner.mark(p) != Mark::Runnable && planner.mark(p) != Mark::Running) p = (p + 1) % n;
    if (planner.mark(p) == Mark::Runnable) {
      planner.set_running(p);
      naive.running.insert(p);
      continue;
    }
    if (below(3) == 0) {
      const bool starts = below(2) == 0;
      (starts ? naive.started : naive.ready).insert(p);
      starts ? planner.set_started(p) : planner.set_ready(p);
      continue;
    }
    naive.running.erase(p);
    switch (below(8)) {
      case 0:
      case 1:
        planner.set_failed(p);
        naive.failed.insert(p);
        break;
      case 2:
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

TEST(Planner, PlansAChainOfAMillion) {
  constexpr std::uint32_t kSize = kOptimizedMillion;
  std::vector<Graph::Edge> edges;
  for (ProcessIndex p = 0; p + 1 < kSize; ++p) edges.push_back({p, p + 1});
  const Graph graph(kSize, std::move(edges));
  IndexedPlan planner(graph, everyone(kSize));
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
  constexpr std::uint32_t kSize = kOptimizedMillion;
  std::vector<Graph::Edge> edges;
  for (ProcessIndex p = kWide; p < kSize; ++p) {
    const ProcessIndex above = p - p % kWide - kWide;
    for (std::uint32_t k = 0; k < 3; ++k) edges.push_back({above + (p + k) % kWide, p});
  }
  const Graph graph(kSize, std::move(edges));
  IndexedPlan planner(graph, everyone(kSize));
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

TEST(Planner, WhoIsRevivedMayStillWaitForOthers) {
  const Graph graph(2, {{0, 1}});
  IndexedPlan planner(graph, everyone(2));
  take(planner);
  planner.set_running(1);  // as a resume tells: it ran under another configuration
  planner.set_failed(1);
  planner.revive(1);
  EXPECT_EQ(planner.mark(1), Mark::Blocked);
  EXPECT_EQ(planner.runnable(), 1u);
  run(planner, 0);
  EXPECT_EQ(take(planner), std::vector<ProcessIndex>{1});
}

TEST(Planner, WhoRunsBehindTheStuckIsNotStuck) {
  const Graph graph(3, {{0, 1}, {1, 2}});
  IndexedPlan planner(graph, everyone(3));
  planner.set_running(2);
  planner.set_running(0);
  planner.set_failed(0);
  EXPECT_EQ(planner.newly_stuck(), std::vector<ProcessIndex>{1});
  planner.revive(0);
  EXPECT_EQ(planner.newly_unstuck(), std::vector<ProcessIndex>{1});
  planner.reset(2);
  EXPECT_FALSE(planner.stuck(2));
  planner.set_running(0);
  planner.set_failed(0);
  EXPECT_TRUE(planner.stuck(2));
}

}  // namespace
}  // namespace thermos
