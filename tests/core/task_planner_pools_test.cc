#include "core/task/task_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "plans.h"

namespace thermos {
namespace {

// A task of processes that use so much of the one pool, which holds `amount`.
TaskConfig pool_task(std::uint32_t amount, const std::vector<std::uint32_t>& uses) {
  TaskConfig task = task_of(static_cast<std::uint32_t>(uses.size()));
  task.pools.entries = {{"gpu", amount}};
  for (std::size_t p = 0; p < uses.size(); ++p) {
    if (uses[p] != 0) task.processes[p].uses.entries = {{"gpu", uses[p]}};
  }
  return task;
}

TEST(TaskPlannerPools, APoolIsSharedInTheOrderOfAsking) {
  const TaskConfig task = pool_task(3, {2, 2, 1, 0, 1});
  const Graph graph(5, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  // The 2nd waits and has the rest reserved; who uses nothing passes by.
  EXPECT_EQ(drain(plan, 0), (Line{0, 3}));
  EXPECT_FALSE(plan.has_ready(0));
  plan.add_success(0, 1);
  EXPECT_EQ(drain(plan, 1), (Line{1, 2}));
  plan.add_success(2, 2);
  EXPECT_EQ(drain(plan, 2), (Line{4}));
}

TEST(TaskPlannerPools, WhoIsHeldLeavesItsPlaceAtAPool) {
  const TaskConfig task = pool_task(2, {1, 2, 1});
  const Graph graph(3, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), (Line{0}));
  plan.hold(1);
  EXPECT_EQ(drain(plan, 0), (Line{2}));
  plan.release(1);
  plan.add_lost(0, 0);
  EXPECT_TRUE(drain(plan, 0).empty());
  plan.add_success(2, 0);
  EXPECT_EQ(drain(plan, 0), (Line{1}));
}

TEST(TaskPlannerPools, WhoseLaunchIsCalledOffKeepsItsPlaceAtAPool) {
  const TaskConfig task = pool_task(1, {1, 1, 1});
  const Graph graph(3, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), (Line{0}));
  plan.cancel(0);
  EXPECT_EQ(drain(plan, 0), (Line{0}));
  plan.add_success(0, 0);
  EXPECT_EQ(drain(plan, 0), (Line{1}));
}

TEST(TaskPlannerPools, AResumeTakesWhatRunsWhateverThePoolsSay) {
  const TaskConfig task = pool_task(2, {2, 1, 1, 2});
  const Graph graph(4, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  Line popped;
  while (const auto p = plan.pop_any(0)) popped.push_back(*p);
  EXPECT_EQ(popped, (Line{0, 1, 2, 3}));
  plan.set_running(1);
  plan.put_back(3);
  plan.put_back(2);
  plan.put_back(0);
  EXPECT_TRUE(drain(plan, 0).empty()) << "1 of 2 is free, and the first wants both";
  plan.set_running(3);
  EXPECT_TRUE(plan.overdrawn(1));
  plan.cancel(3);
  EXPECT_FALSE(plan.overdrawn(1));
  plan.add_success(1, 0);
  EXPECT_EQ(drain(plan, 0), (Line{3}));
}

// Processes that use several pools, in any order: never is more taken than there is, nobody who
// could start is left waiting, and nobody whom another's turn comes before overtakes it.
void random_pools(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
  const std::uint32_t n = 1 + below(12);
  const std::uint32_t pools = 1 + below(4);
  TaskConfig task = task_of(n);
  for (std::uint32_t i = 0; i < pools; ++i) {
    task.pools.entries.emplace_back("pool" + std::to_string(i), 1 + below(5));
  }
  std::vector<std::vector<std::uint32_t>> uses(n, std::vector<std::uint32_t>(pools, 0));
  for (ProcessIndex p = 0; p < n; ++p) {
    task.processes[p].min_duration = 0;
    for (std::uint32_t i = 0; i < pools; ++i) {
      if (below(2) == 0) continue;
      const auto& [name, amount] = task.pools.entries[i];
      uses[p][i] = 1 + below(amount);
      task.processes[p].uses.entries.emplace_back(name, uses[p][i]);
    }
  }
  const Graph graph(n, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  std::vector<ProcessIndex> line(n);  // of those who wait, in the order of asking
  for (ProcessIndex p = 0; p < n; ++p) line[p] = p;
  std::set<ProcessIndex> running;
  std::set<ProcessIndex> held;
  const auto next = [&]() -> std::optional<ProcessIndex> {
    std::vector<std::uint32_t> free(pools);
    for (std::uint32_t i = 0; i < pools; ++i) {
      free[i] = task.pools.entries[i].second;
      for (const ProcessIndex p : running) free[i] -= uses[p][i];
    }
    for (const ProcessIndex p : line) {
      bool may = true;
      for (std::uint32_t i = 0; i < pools; ++i) may &= uses[p][i] <= free[i];
      if (may) return p;
      for (std::uint32_t i = 0; i < pools; ++i) {
        if (uses[p][i] != 0) free[i] = 0;
      }
    }
    return std::nullopt;
  };
  for (int step = 0; step < 300; ++step) {
    plan.has_ready(0);  // whose wait is over stands in line from now on
    const auto expected = next();
    if (below(2) == 0) {
      const auto p = plan.pop_ready(0);
      ASSERT_EQ(p, expected) << "at step " << step;
      if (!p) continue;
      if (below(6) == 0) {
        plan.set_running(*p);
        plan.cancel(*p);
        std::erase(line, *p);
        line.insert(line.begin(), *p);
        continue;
      }
      plan.set_running(*p);
      std::erase(line, *p);
      running.insert(*p);
      continue;
    }
    const ProcessIndex p = below(n);
    if (running.contains(p)) {
      running.erase(p);
      if (below(4) == 0) {
        plan.cancel(p);
        if (!held.contains(p)) line.insert(line.begin(), p);
      } else {
        plan.add_lost(p, 0);
        if (!held.contains(p)) line.push_back(p);
      }
    } else if (held.erase(p) > 0) {
      plan.release(p);
      line.push_back(p);
    } else if (below(3) == 0) {
      plan.hold(p);
      held.insert(p);
      std::erase(line, p);
    }
  }
}

TEST(TaskPlannerPools, AgreesWithANaiveOneOnPools) {
  for (std::uint64_t seed = 1; seed <= 1000 && !::testing::Test::HasFailure(); ++seed) {
    random_pools(seed);
  }
}

}  // namespace
}  // namespace thermos
