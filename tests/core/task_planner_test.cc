#include "core/task/task_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include "million.h"
#include "plans.h"

namespace thermos {
namespace {

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
  EXPECT_EQ(plan.pop_any(0), 0u);
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
  for (const ProcessIndex p : {0, 1}) {
    plan.set_running(p);
    plan.hold(p);
    plan.cancel(p);
  }
  EXPECT_TRUE(drain(plan, 0).empty());
  plan.release(1);
  plan.release(0);
  EXPECT_EQ(drain(plan, 0), (Line{1, 0}));
}

TEST(TaskPlanner, WhoIsRevivedWaitsForWhatAnotherConfigurationPutBeforeIt) {
  const TaskConfig task = task_of(2);
  const Graph graph(2, {{0, 1}});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.set_running(1);
  plan.add_failure(1, 0);
  plan.revive(1);
  EXPECT_EQ(drain(plan, 0), Line{0});
  plan.add_success(0, 0);
  EXPECT_EQ(drain(plan, 0), Line{1});
}

TEST(TaskPlanner, AStuckEphemeralThatRunsAllTheSameIsNotCounted) {
  TaskConfig task = task_of(3);
  task.processes[2].ephemeral = true;
  const Graph graph(3, {{0, 1}, {0, 2}});
  TaskPlanner plan(task, graph, Stage::Regular);
  plan.set_running(0);
  plan.add_failure(0, 0);
  EXPECT_TRUE(plan.deadlocked());
  plan.set_running(2);  // as a resume may tell
  EXPECT_TRUE(plan.deadlocked()) << "the other can never run";
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

TEST(TaskPlanner, RunsAMillionThatEachFailOnce) {
  constexpr std::uint32_t kSize = kOptimizedMillion;
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

// The graph has ranks of its own; nothing of them shows.
TEST(TaskPlanner, WhatIsFreedTogetherComesInTheTasksOrder) {
  constexpr std::uint32_t kProcesses = 300;
  std::mt19937 random(7);
  std::vector<ProcessIndex> shuffled(kProcesses);
  std::iota(shuffled.begin(), shuffled.end(), 0U);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  const TaskConfig task = task_of(kProcesses);
  std::vector<Graph::Edge> edges;
  std::vector<std::set<ProcessIndex>> behind(kProcesses);
  std::vector<std::uint32_t> unmet(kProcesses);
  for (std::uint32_t i = 1; i < kProcesses; ++i) {
    for (std::uint32_t need = random() % 3; need > 0; --need) {
      const ProcessIndex before = shuffled[random() % i];
      if (!behind[before].insert(shuffled[i]).second) continue;
      ++unmet[shuffled[i]];
      edges.push_back({before, shuffled[i]});
    }
  }
  std::deque<ProcessIndex> ready;
  for (ProcessIndex p = 0; p < kProcesses; ++p) {
    if (unmet[p] == 0) ready.push_back(p);
  }
  const Graph graph(kProcesses, edges);
  TaskPlanner plan(task, graph, Stage::Regular);
  std::vector<ProcessIndex> running;
  while (!plan.complete()) {
    while (running.size() < 7 && !ready.empty()) {
      const auto p = plan.pop_ready(1);
      ASSERT_EQ(p, ready.front());
      ready.pop_front();
      plan.set_running(*p);
      running.push_back(*p);
    }
    const std::size_t ends = random() % running.size();
    const ProcessIndex p = running[ends];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(ends));
    plan.add_success(p, 1);
    for (const ProcessIndex after : behind[p]) {
      if (--unmet[after] == 0) ready.push_back(after);
    }
  }
  EXPECT_TRUE(ready.empty());
}

}  // namespace
}  // namespace thermos
