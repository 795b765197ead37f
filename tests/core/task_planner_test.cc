#include "core/task/task_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace thermos {
namespace {

using Mark = Planner::Mark;
using Stage = TaskPlanner::Stage;
using Line = std::vector<ProcessIndex>;

TaskConfig task_of(std::uint32_t n) {
  TaskConfig task;
  task.name = "t";
  for (std::uint32_t p = 0; p < n; ++p) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = "p" + std::to_string(p);
    process.min_duration = 5 * kSecond;
  }
  return task;
}

Line drain(TaskPlanner& plan, Microseconds now) {
  Line out;
  while (const auto p = plan.pop_ready(now)) {
    plan.set_running(*p);
    out.push_back(*p);
  }
  return out;
}

TEST(TaskPlanner, EachStageKnowsItsOwn) {
  TaskConfig task = task_of(4);
  task.processes[1].final = task.processes[3].final = true;
  const Graph graph(4, {{0, 2}, {3, 1}});
  TaskPlanner regular(task, graph, Stage::Regular);
  TaskPlanner final_stage(task, graph, Stage::Final);
  EXPECT_TRUE(regular.has(0));
  EXPECT_FALSE(regular.has(1));
  EXPECT_EQ(regular.size(), 2u);
  EXPECT_EQ(drain(regular, 0), Line{0});
  EXPECT_EQ(drain(final_stage, 0), Line{3});
}

TEST(TaskPlanner, ASuccessFreesDependentsAtOnce) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  EXPECT_FALSE(plan.has_ready(0));
  plan.add_success(0, 7);
  EXPECT_TRUE(plan.has_ready(7));
  EXPECT_EQ(drain(plan, 7), Line{1});
  plan.add_success(1, 8);
  EXPECT_TRUE(plan.complete());
  EXPECT_EQ(plan.finished(), 2u);
}

TEST(TaskPlanner, ARerunWaitsForWhatIsLonger) {
  TaskConfig task = task_of(1);
  task.processes[0].max_failures = 0;
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  plan.add_failure(0, 0, 7 * kSecond);
  EXPECT_EQ(plan.next_ready_at(0), 7 * kSecond);
  EXPECT_EQ(drain(plan, 7 * kSecond), Line{0});
  plan.add_lost(0, 8 * kSecond, kSecond);
  EXPECT_EQ(plan.next_ready_at(8 * kSecond), 13 * kSecond) << "its min_duration";
}

TEST(TaskPlanner, AFailureWithinTheLimitWaitsMinDurationFromItsEnd) {
  TaskConfig task = task_of(1);
  task.processes[0].max_failures = 3;
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  Microseconds now = 100;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(drain(plan, now), Line{0});
    plan.add_failure(0, now);
    EXPECT_EQ(plan.next_ready_at(now), now + 5 * kSecond);
    EXPECT_EQ(plan.waiting(now), 1u);
    EXPECT_FALSE(plan.pop_ready(now + 5 * kSecond - 1));
    now += 5 * kSecond;
    EXPECT_EQ(plan.waiting(now), 0u);
    EXPECT_EQ(plan.next_ready_at(now), std::nullopt);
  }
  EXPECT_EQ(drain(plan, now), Line{0});
  plan.add_failure(0, now);
  EXPECT_EQ(plan.failed(), 1u);
  EXPECT_EQ(plan.failures(0), 3u);
  EXPECT_TRUE(plan.complete());
  EXPECT_FALSE(plan.has_ready(now + 100 * kSecond));
}

TEST(TaskPlanner, MaxFailuresZeroIsNoLimit) {
  TaskConfig task = task_of(1);
  task.processes[0].max_failures = 0;
  task.processes[0].min_duration = 0;
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  for (Microseconds now = 0; now < 1000; ++now) {
    EXPECT_EQ(drain(plan, now), Line{0});
    plan.add_failure(0, now);
  }
  EXPECT_EQ(plan.failures(0), 1000u);
  EXPECT_EQ(plan.mark(0), Mark::Runnable);
  EXPECT_FALSE(plan.complete());
}

TEST(TaskPlanner, ADaemonsSuccessRunsAgainAndFreesNobody) {
  TaskConfig task = task_of(1);
  task.processes[0].daemon = true;
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  drain(plan, 0);
  plan.add_success(0, 3);
  EXPECT_EQ(plan.next_ready_at(3), 3 + 5 * kSecond);
  EXPECT_EQ(plan.mark(0), Mark::Runnable);
  EXPECT_EQ(drain(plan, 3 + 5 * kSecond), Line{0});
  plan.add_failure(0, 6 * kSecond);
  EXPECT_EQ(plan.mark(0), Mark::Failed);
}

TEST(TaskPlanner, LostAndKilledRunAgainAfterMinDurationAndCountNoFailure) {
  const TaskConfig task = task_of(1);
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  Microseconds now = 0;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(drain(plan, now), Line{0});
    plan.add_lost(0, now);
    EXPECT_TRUE(drain(plan, now + 5 * kSecond - 1).empty());
    now += 5 * kSecond;
  }
  EXPECT_EQ(plan.failures(0), 0u);
  EXPECT_EQ(plan.successes(0), 0u);
}

TEST(TaskPlanner, AnEphemeralPastItsLimitIsFinished) {
  TaskConfig task = task_of(2);
  task.processes[0].ephemeral = task.processes[1].ephemeral = true;
  const Graph graph(2, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  drain(plan, 0);
  plan.add_failure(0, 1);
  EXPECT_EQ(plan.mark(0), Mark::Finished);
  EXPECT_EQ(plan.failed(), 0u);
  EXPECT_EQ(drain(plan, 1), Line{1});
}

TEST(TaskPlanner, AnEphemeralDoesNotHoldTheTaskOpen) {
  TaskConfig task = task_of(2);
  task.processes[1].ephemeral = true;
  const Graph graph(2, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_FALSE(plan.complete());
  EXPECT_EQ(drain(plan, 0), (Line{0, 1}));
  plan.add_success(0, 1);
  EXPECT_TRUE(plan.complete());
  EXPECT_EQ(plan.running(), 1u);
  plan.add_success(1, 2);
  EXPECT_TRUE(plan.complete());
}

TEST(TaskPlanner, OnlyEphemeralsIsCompleteFromTheStart) {
  TaskConfig task = task_of(1);
  task.processes[0].ephemeral = true;
  const Graph graph(1, {});
  EXPECT_TRUE(TaskPlanner(task, graph, Stage::Regular).complete());
}

TEST(TaskPlanner, BehindAFailureIsDeadlock) {
  const TaskConfig task = task_of(3);
  const Graph graph(3, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_FALSE(plan.deadlocked());
  EXPECT_EQ(drain(plan, 0), (Line{0, 2}));
  plan.add_failure(0, 1);
  EXPECT_FALSE(plan.deadlocked()) << "process 2 runs";
  plan.add_lost(2, 1);
  EXPECT_FALSE(plan.deadlocked()) << "process 2 waits and will run";
  EXPECT_EQ(drain(plan, 6 * kSecond), Line{2});
  plan.add_success(2, 6 * kSecond);
  EXPECT_TRUE(plan.deadlocked());
  EXPECT_FALSE(plan.complete());
}

TEST(TaskPlanner, AnEphemeralThatRunsOnIsNoHope) {
  TaskConfig task = task_of(3);
  task.processes[2].ephemeral = task.processes[2].daemon = true;
  const Graph graph(3, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), (Line{0, 2}));
  EXPECT_FALSE(plan.deadlocked());
  plan.add_failure(0, 1);
  EXPECT_TRUE(plan.deadlocked());
}

TEST(TaskPlanner, AnEphemeralIsHopeUntilItHasStarted) {
  TaskConfig task = task_of(3);
  task.processes[0].ephemeral = task.processes[0].daemon = true;
  const Graph graph(3, {{0, 1, Condition::Start}, {1, 2}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  EXPECT_FALSE(plan.deadlocked());
  plan.add_lost(0, 0);
  EXPECT_FALSE(plan.deadlocked());
  EXPECT_EQ(drain(plan, 5 * kSecond), Line{0});
  plan.set_started(0);
  EXPECT_EQ(drain(plan, 5 * kSecond), Line{1});
  plan.add_failure(1, 6 * kSecond);
  EXPECT_TRUE(plan.deadlocked()) << "the daemon runs on, and nothing comes of it";
}

TEST(TaskPlanner, AnEphemeralThatNeverStartsIsNoHope) {
  TaskConfig task = task_of(2);
  task.processes[0].ephemeral = true;
  const Graph graph(2, {{0, 1, Condition::Start}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  plan.add_failure(0, 1);
  EXPECT_EQ(plan.mark(0), Mark::Finished);
  EXPECT_TRUE(plan.deadlocked());
}

TEST(TaskPlanner, ASuccessSaysThatItHadStarted) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {{0, 1, Condition::Start}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  plan.add_success(0, 1);
  EXPECT_EQ(drain(plan, 1), Line{1});
}

TEST(TaskPlanner, WhatIsReadyFreesWhoNeedsThat) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {{0, 1, Condition::Ready}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  EXPECT_TRUE(plan.ready_awaited(0));
  plan.set_started(0);
  EXPECT_TRUE(drain(plan, 0).empty());
  plan.set_ready(0);
  EXPECT_EQ(drain(plan, 0), Line{1});
}

TEST(TaskPlanner, WhoRanThoughItIsRuledOutIsNoHopeLater) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(drain(plan, 0), Line{0});
  plan.add_failure(0, 0);
  EXPECT_TRUE(plan.deadlocked());
  plan.set_running(1);
  EXPECT_FALSE(plan.deadlocked());
  plan.add_lost(1, 0);
  EXPECT_TRUE(plan.deadlocked());
}

// A task of processes that use so much of the one pool, which holds `amount`.
TaskConfig pool_task(std::uint32_t amount, const std::vector<std::uint32_t>& uses) {
  TaskConfig task = task_of(static_cast<std::uint32_t>(uses.size()));
  task.pools.entries = {{"gpu", amount}};
  for (std::size_t p = 0; p < uses.size(); ++p) {
    if (uses[p] != 0) task.processes[p].uses.entries = {{"gpu", uses[p]}};
  }
  return task;
}

TEST(TaskPlanner, APoolIsSharedInTheOrderOfAsking) {
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

TEST(TaskPlanner, WhoIsHeldLeavesItsPlaceAtAPool) {
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

TEST(TaskPlanner, WhoIsPutBackKeepsItsPlaceAtAPool) {
  const TaskConfig task = pool_task(1, {1, 1, 1});
  const Graph graph(3, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(plan.pop_ready(0), 0U);
  EXPECT_EQ(plan.pop_ready(0), 1U) << "nothing was taken yet";
  plan.put_back(1);
  plan.put_back(0);
  EXPECT_EQ(drain(plan, 0), (Line{0}));
  plan.cancel(0);
  EXPECT_EQ(drain(plan, 0), (Line{0}));
  plan.add_success(0, 0);
  EXPECT_EQ(drain(plan, 0), (Line{1}));
}

TEST(TaskPlanner, AResumeTakesWhatRunsWhateverThePoolsSay) {
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
        plan.put_back(*p);
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

TEST(TaskPlanner, AgreesWithANaiveOneOnPools) {
  for (std::uint64_t seed = 1; seed <= 1000 && !::testing::Test::HasFailure(); ++seed) {
    random_pools(seed);
  }
}

TEST(TaskPlanner, WaitsEndInOrderOfTimeAndTiesByWhoWaitedFirst) {
  TaskConfig task = task_of(4);
  task.processes[3].min_duration = 2 * kSecond;
  const Graph graph(4, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  drain(plan, 0);
  plan.add_lost(2, 10);
  plan.add_lost(0, 10);
  plan.add_lost(1, 5);
  plan.add_lost(3, 10);
  EXPECT_EQ(plan.next_ready_at(10), 10 + 2 * kSecond);
  EXPECT_EQ(drain(plan, 10 + 2 * kSecond), Line{3});
  EXPECT_EQ(plan.next_ready_at(11 + 2 * kSecond), 5 + 5 * kSecond);
  EXPECT_EQ(drain(plan, 100 * kSecond), (Line{1, 2, 0}));
}

TEST(TaskPlanner, PutBackGoesToTheHead) {
  const TaskConfig task = task_of(3);
  const Graph graph(3, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(plan.pop_ready(0), 0u);
  EXPECT_EQ(plan.mark(0), Mark::Runnable);
  plan.put_back(0);
  EXPECT_TRUE(plan.has_ready(0));
  EXPECT_EQ(drain(plan, 0), (Line{0, 1, 2}));
  EXPECT_FALSE(plan.has_ready(0));
}

TEST(TaskPlanner, ACancelledLaunchIsReadyAtOnceAndCountsNothing) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(plan.pop_ready(0), 0u);
  plan.set_running(0);
  plan.cancel(0);
  EXPECT_EQ(plan.running(), 0u);
  EXPECT_EQ(plan.runnable(), 2u);
  EXPECT_EQ(plan.failures(0) + plan.successes(0), 0u);
  EXPECT_EQ(drain(plan, 0), (Line{0, 1}));
}

TEST(TaskPlanner, RunningWithoutBeingPoppedLeavesNoEntryBehind) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.set_running(0);
  EXPECT_EQ(drain(plan, 0), Line{1});
  plan.add_lost(0, 0);
  EXPECT_TRUE(drain(plan, 1).empty()) << "the first entry of 0 was handed out";
  plan.set_running(0);  // from among the waiting
  EXPECT_EQ(plan.waiting(1), 0u);
  EXPECT_EQ(plan.next_ready_at(1), std::nullopt);
  plan.add_lost(0, 3 * kSecond);
  EXPECT_TRUE(drain(plan, 5 * kSecond).empty()) << "the earlier wait of 0 was honoured";
  EXPECT_EQ(drain(plan, 8 * kSecond), Line{0});
  EXPECT_TRUE(drain(plan, 100 * kSecond).empty());
}

TEST(TaskPlanner, InLineTwiceIsHandedOutOnce) {
  const TaskConfig task = task_of(1);
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.put_back(0);
  plan.put_back(0);
  EXPECT_EQ(drain(plan, 0), Line{0});
}

TEST(TaskPlanner, RestoredFailuresCountTowardsTheLimit) {
  TaskConfig task = task_of(1);
  task.processes[0].max_failures = 3;
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.restore_totals(0, 0, 1);
  plan.set_running(0);
  plan.add_failure(0, 10);
  EXPECT_EQ(plan.next_ready_at(10), 10 + 5 * kSecond);
  EXPECT_EQ(drain(plan, 6 * kSecond), Line{0});
  plan.add_failure(0, 6 * kSecond);
  EXPECT_EQ(plan.mark(0), Mark::Failed);
}

TEST(TaskPlanner, AResumeMayTellADependentFirst) {
  TaskConfig task = task_of(3);
  const Graph graph(3, {{2, 1}, {1, 0}});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.set_running(1);
  plan.add_lost(1, 4 * kSecond);
  EXPECT_EQ(plan.mark(1), Mark::Blocked);
  plan.set_running(2);
  plan.add_success(2, 1 * kSecond);
  EXPECT_EQ(plan.mark(1), Mark::Runnable);
  EXPECT_TRUE(drain(plan, 8 * kSecond).empty()) << "1 must wait from its own last end";
  EXPECT_EQ(drain(plan, 9 * kSecond), Line{1});
}

TEST(TaskPlanner, AnEphemeralDependentThatIsToldFirstHoldsNothingOpen) {
  TaskConfig task = task_of(2);
  task.processes[1].ephemeral = true;
  const Graph graph(2, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.set_running(1);
  plan.add_lost(1, 0);
  EXPECT_EQ(plan.mark(1), Mark::Blocked);
  EXPECT_FALSE(plan.deadlocked());
  EXPECT_EQ(drain(plan, 0), Line{0});
  plan.add_failure(0, 0);
  EXPECT_EQ(plan.mark(0), Mark::Failed);
  EXPECT_TRUE(plan.complete());
}

TEST(TaskPlanner, ADependentWhoseLaunchIsCalledOffWaitsForTheOthers) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.set_running(1);
  plan.cancel(1);
  EXPECT_EQ(drain(plan, 0), Line{0});
  EXPECT_FALSE(plan.has_ready(0));
  plan.add_success(0, 0);
  EXPECT_EQ(drain(plan, 0), Line{1});
}

TEST(TaskPlanner, WhatIsHeldDoesNotComeBackIntoTheQueue) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  EXPECT_EQ(plan.pop_ready(0), 0u);
  plan.hold(0);
  plan.put_back(0);
  plan.set_running(1);
  plan.hold(1);
  plan.cancel(1);
  EXPECT_TRUE(drain(plan, 0).empty());
  plan.release(1);
  plan.release(0);
  EXPECT_EQ(drain(plan, 0), (Line{1, 0}));
}

TEST(TaskPlanner, TheRunLimitEndsWhatWouldRunForEver) {
  TaskConfig task = task_of(2);
  task.processes[0].daemon = true;
  task.processes[1].max_failures = 0;
  const Graph graph(2, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  drain(plan, 0);
  plan.restore_totals(0, TaskPlanner::kRunLimit - 1, 0);
  plan.restore_totals(1, 0, TaskPlanner::kRunLimit - 3, 1);
  plan.add_success(0, 0);
  EXPECT_EQ(plan.mark(0), Mark::Failed);
  plan.add_lost(1, 0);
  EXPECT_EQ(plan.mark(1), Mark::Runnable);
  EXPECT_EQ(drain(plan, 5 * kSecond), Line{1});
  plan.add_lost(1, 5 * kSecond);
  EXPECT_EQ(plan.mark(1), Mark::Failed);
}

TEST(TaskPlanner, AWaitThatWouldOverflowNeverEnds) {
  TaskConfig task = task_of(1);
  task.processes[0].min_duration = std::numeric_limits<Microseconds>::max();
  const Graph graph(1, {});
  TaskPlanner plan(task, graph, Stage::Regular);
  drain(plan, 0);
  plan.add_lost(0, 10);
  EXPECT_EQ(plan.next_ready_at(20), std::numeric_limits<Microseconds>::max());
}

// The rules with sets and maps, asked anew at every step.
struct Naive {
  const TaskConfig& task;
  std::vector<std::set<ProcessIndex>> needs;
  std::vector<std::set<ProcessIndex>> needs_start;
  std::set<ProcessIndex> running, finished, failed, started;
  std::vector<std::uint64_t> failures;
  std::vector<std::optional<Microseconds>> last_end;
  std::vector<std::uint64_t> kills;

  Mark mark(ProcessIndex p) const {
    if (running.contains(p)) return Mark::Running;
    if (finished.contains(p)) return Mark::Finished;
    if (failed.contains(p)) return Mark::Failed;
    const bool free =
        std::includes(finished.begin(), finished.end(), needs[p].begin(), needs[p].end()) &&
        std::includes(started.begin(), started.end(), needs_start[p].begin(), needs_start[p].end());
    return free ? Mark::Runnable : Mark::Blocked;
  }
  bool over(ProcessIndex p) const { return finished.contains(p) || failed.contains(p); }
  bool stuck(ProcessIndex p) const {
    if (mark(p) != Mark::Blocked) return false;
    return std::any_of(
               needs[p].begin(), needs[p].end(),
               [this](ProcessIndex need) { return failed.contains(need) || stuck(need); }) ||
           std::any_of(needs_start[p].begin(), needs_start[p].end(), [this](ProcessIndex need) {
             return !started.contains(need) && (over(need) || stuck(need));
           });
  }
  Microseconds ready_at(ProcessIndex p) const {
    return last_end[p] ? *last_end[p] + task.processes[p].min_duration : 0;
  }
  bool complete() const {
    for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
      if (!over(p) && !task.processes[p].ephemeral) return false;
    }
    return true;
  }
  bool deadlocked() const {
    for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
      if (!over(p) && !stuck(p) && !task.processes[p].ephemeral) return false;
    }
    return !complete();
  }
  void end(ProcessIndex p, Microseconds now) {
    running.erase(p);
    last_end[p] = now;
  }
  void success(ProcessIndex p, Microseconds now) {
    end(p, now);
    started.insert(p);
    if (!task.processes[p].daemon) finished.insert(p);
  }
  void failure(ProcessIndex p, Microseconds now) {
    end(p, now);
    const ProcessConfig& config = task.processes[p];
    ++failures[p];
    if (config.max_failures == 0 || failures[p] < config.max_failures) return;
    (config.ephemeral ? finished : failed).insert(p);
  }
  void killed(ProcessIndex p, Microseconds now) {
    end(p, now);
    const ProcessConfig& config = task.processes[p];
    ++kills[p];
    if (config.max_kills == 0 || kills[p] < config.max_kills) return;
    (config.ephemeral ? finished : failed).insert(p);
  }
  void revive(ProcessIndex p) {
    failed.erase(p);
    failures[p] = kills[p] = 0;
    last_end[p].reset();
  }
};

void random_walk(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
  const std::uint32_t n = 1 + below(12);
  TaskConfig task = task_of(n);
  for (ProcessConfig& process : task.processes) {
    process.max_failures = below(4);
    process.daemon = below(5) == 0;
    process.ephemeral = below(5) == 0;
    process.min_duration = below(4);
    process.max_kills = below(3);
  }
  Naive naive{task,
              std::vector<std::set<ProcessIndex>>(n),
              std::vector<std::set<ProcessIndex>>(n),
              {},
              {},
              {},
              {},
              std::vector<std::uint64_t>(n, 0),
              std::vector<std::optional<Microseconds>>(n),
              std::vector<std::uint64_t>(n, 0)};
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = below(2 * n); i > 0 && n > 1; --i) {
    const ProcessIndex after = 1 + below(n - 1);
    const ProcessIndex before = below(after);
    const bool start = below(3) == 0;
    edges.push_back({before, after, start ? Condition::Start : Condition::Success});
    (start ? naive.needs_start : naive.needs)[after].insert(before);
  }
  const Graph graph(n, edges);
  TaskPlanner plan(task, graph, Stage::Regular);
  Microseconds now = 0;
  for (int step = 0; step < 300; ++step) {
    std::uint32_t waiting = 0;
    std::uint32_t ready = 0;
    std::optional<Microseconds> next;
    for (ProcessIndex p = 0; p < n; ++p) {
      ASSERT_EQ(plan.mark(p), naive.mark(p)) << p << " at step " << step;
      if (naive.mark(p) != Mark::Runnable) continue;
      const Microseconds at = naive.ready_at(p);
      ++(at <= now ? ready : waiting);
      if (at > now) next = next ? std::min(*next, at) : at;
    }
    ASSERT_EQ(plan.waiting(now), waiting);
    ASSERT_EQ(plan.has_ready(now), ready != 0);
    ASSERT_EQ(plan.next_ready_at(now), next);
    ASSERT_EQ(plan.complete(), naive.complete());
    ASSERT_EQ(plan.deadlocked(), naive.deadlocked());
    if (below(3) == 0) {
      now += below(4);
      continue;
    }
    if (below(2) == 0) {
      const auto p = plan.pop_ready(now);
      ASSERT_EQ(p.has_value(), ready != 0);
      if (!p) continue;
      ASSERT_EQ(naive.mark(*p), Mark::Runnable);
      ASSERT_LE(naive.ready_at(*p), now);
      if (below(5) == 0) {
        plan.put_back(*p);
        continue;
      }
      plan.set_running(*p);
      if (below(8) == 0) {
        plan.cancel(*p);
        continue;
      }
      naive.running.insert(*p);
      continue;
    }
    if (!naive.failed.empty() && below(4) == 0) {
      const ProcessIndex p = *std::next(naive.failed.begin(), below(naive.failed.size()));
      plan.revive(p);
      naive.revive(p);
      continue;
    }
    if (naive.running.empty()) continue;
    const ProcessIndex p = *std::next(naive.running.begin(), below(naive.running.size()));
    if (below(3) == 0) {
      plan.set_started(p);
      naive.started.insert(p);
      continue;
    }
    switch (below(4)) {
      case 0:
        plan.add_success(p, now);
        naive.success(p, now);
        break;
      case 1:
        plan.add_failure(p, now);
        naive.failure(p, now);
        break;
      case 2:
        plan.add_killed(p, now);
        naive.killed(p, now);
        break;
      default:
        plan.add_lost(p, now);
        naive.end(p, now);
    }
  }
}

TEST(TaskPlanner, AgreesWithANaiveOneOnRandomTasks) {
  for (std::uint64_t seed = 1; seed <= 1000 && !::testing::Test::HasFailure(); ++seed) {
    random_walk(seed);
  }
}

// A million, where the build is a fast one.
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr std::uint32_t kMany = 100'000;
#else
constexpr std::uint32_t kMany = 1'000'000;
#endif

TEST(TaskPlanner, RunsAMillionThatEachFailOnce) {
  constexpr std::uint32_t kSize = kMany;
  TaskConfig task;
  task.processes.resize(kSize);
  for (ProcessConfig& process : task.processes) process.max_failures = 2;
  std::vector<Graph::Edge> edges;
  for (ProcessIndex p = 1000; p < kSize; ++p) edges.push_back({p - 1000, p});
  const Graph graph(kSize, std::move(edges));
  TaskPlanner plan(task, graph, Stage::Regular);
  Microseconds now = 0;
  std::uint64_t runs = 0;
  while (!plan.complete()) {
    const Line line = drain(plan, now);
    if (line.empty()) {
      ASSERT_TRUE(plan.next_ready_at(now));
      now = *plan.next_ready_at(now);
      continue;
    }
    runs += line.size();
    for (const ProcessIndex p : line) {
      if (plan.failures(p) == 0) {
        plan.add_failure(p, now);
      } else {
        plan.add_success(p, now);
      }
    }
  }
  EXPECT_EQ(runs, 2u * kSize);
  EXPECT_EQ(plan.finished(), kSize);
  EXPECT_EQ(now, kSize / 1000 * 5 * kSecond);
}

}  // namespace
}  // namespace thermos
