// The plans of several tasks at the pools of one daemon.
#include "core/task/shared_pools.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/task/check_task.h"
#include "core/task/task_planner.h"

namespace thermos {
namespace {

using Line = std::vector<ProcessIndex>;

// One task's plan, whose processes use so much of the pool "gpu".
struct Party {
  Party(SharedPools& pools, const std::string& id, const std::vector<std::uint32_t>& uses,
        std::uint32_t max_concurrency = 0) {
    task.max_concurrency = max_concurrency;
    for (std::size_t p = 0; p < uses.size(); ++p) {
      ProcessConfig& process = task.processes.emplace_back();
      process.name = "p" + std::to_string(p);
      process.min_duration = 0;
      if (uses[p] != 0) process.uses.entries = {{"gpu", uses[p]}};
    }
    graph = Graph(static_cast<std::uint32_t>(uses.size()), {});
    plan = std::make_unique<TaskPlanner>(task, graph, TaskPlanner::Stage::Regular,
                                         PoolAccess{&pools, id, [this] { ++woken; }});
  }
  Line drain() const {
    Line started;
    while (const auto p = plan->pop_ready(0)) {
      plan->set_running(*p);
      started.push_back(*p);
    }
    return started;
  }

  TaskConfig task;
  Graph graph;
  mutable int woken = 0;  // also of a const one: its plan tells it
  std::unique_ptr<TaskPlanner> plan;
};

SharedPools pools_of(std::uint32_t gpus) {
  return SharedPools(Named<std::uint32_t>{{{"gpu", gpus}}});
}

TEST(SharedPools, TheOrderOfAskingIsKeptOverAllTasks) {
  SharedPools pools = pools_of(2);
  const Party a(pools, "a", {2, 1});
  const Party b(pools, "b", {2, 0});
  const Party c(pools, "c", {1});
  EXPECT_EQ(a.drain(), Line{0});
  EXPECT_EQ(b.drain(), Line{1}) << "who uses nothing passes by";
  EXPECT_TRUE(c.drain().empty());
  EXPECT_EQ(c.woken, 0);
  a.plan->add_success(0, 0);
  // 1 of 2 is for the second of a, the other is reserved for b, who asked before c.
  EXPECT_EQ(a.drain(), Line{1});
  EXPECT_TRUE(b.drain().empty());
  EXPECT_TRUE(c.drain().empty());
  a.plan->add_success(1, 0);
  EXPECT_GT(b.woken, 0);
  EXPECT_EQ(b.drain(), Line{0});
  EXPECT_TRUE(c.drain().empty());
  b.plan->add_success(0, 0);
  EXPECT_GT(c.woken, 0);
  EXPECT_EQ(c.drain(), Line{0});
}

TEST(SharedPools, WhoIsHeldOrWhoseTaskEndsLeavesTheLine) {
  SharedPools pools = pools_of(1);
  const Party a(pools, "a", {1});
  const Party b(pools, "b", {1});
  const Party c(pools, "c", {1});
  EXPECT_EQ(a.drain(), Line{0});
  EXPECT_TRUE(b.drain().empty());
  EXPECT_TRUE(c.drain().empty());
  b.plan->hold(0);
  a.plan->add_success(0, 0);
  EXPECT_EQ(c.drain(), Line{0});
  b.plan->release(0);
  EXPECT_TRUE(b.drain().empty());
  c.plan->close();
  EXPECT_EQ(pools.free(0), 0) << "what runs keeps its share";
  c.plan->give_up();
  EXPECT_EQ(pools.free(0), 1);
  EXPECT_EQ(b.drain(), Line{0});
}

TEST(SharedPools, WhatIsDestroyedHasAndAsksNothing) {
  SharedPools pools = pools_of(1);
  auto a = std::make_unique<Party>(pools, "a", std::vector<std::uint32_t>{1});
  auto b = std::make_unique<Party>(pools, "b", std::vector<std::uint32_t>{1});
  const Party c(pools, "c", {1});
  EXPECT_EQ(a->drain(), Line{0});
  EXPECT_TRUE(b->drain().empty());
  EXPECT_TRUE(c.drain().empty());
  b.reset();
  a.reset();
  EXPECT_GT(c.woken, 0);
  EXPECT_EQ(c.drain(), Line{0});
}

// Who stands in line has a place of its task's max_concurrency: a sibling that took the last one
// would keep it, and all others behind it, waiting for as long as it runs.
TEST(SharedPools, WhoWaitsCountsTowardsMaxConcurrency) {
  SharedPools pools = pools_of(1);
  const Party a(pools, "a", {1});
  const Party b(pools, "b", {1, 1, 0}, 1);
  const Party c(pools, "c", {1});
  EXPECT_EQ(a.drain(), Line{0});
  EXPECT_TRUE(b.drain().empty());
  EXPECT_TRUE(c.drain().empty());
  EXPECT_EQ(pools.shares(0).size(), 3U) << "the second of b has no place to ask with";
  a.plan->add_success(0, 0);
  EXPECT_EQ(b.drain(), Line{0});
  b.plan->add_success(0, 0);
  EXPECT_TRUE(b.drain().empty()) << "c asked first";
  EXPECT_EQ(c.drain(), Line{0});
}

TEST(SharedPools, WhatCannotBeHadIsInNobodysWay) {
  SharedPools pools = pools_of(1);
  const Party a(pools, "a", {2, 1});
  Party b(pools, "b", {0});
  b.task.processes[0].uses.entries = {{"tape", 1}};
  b.plan = std::make_unique<TaskPlanner>(b.task, b.graph, TaskPlanner::Stage::Regular,
                                         PoolAccess{&pools, "b", {}});
  EXPECT_TRUE(b.drain().empty());
  EXPECT_EQ(a.drain(), Line{1});
  const TaskPlanner alone(b.task, b.graph, TaskPlanner::Stage::Regular);
  EXPECT_FALSE(alone.overdrawn(0));
}

TEST(SharedPools, AResumeTakesWhatRunsAndAsksBehindIt) {
  SharedPools pools = pools_of(2);
  const Party a(pools, "a", {2, 1});
  const Party b(pools, "b", {1, 1});
  pools.close();
  for (const Party* party : {&a, &b}) {
    Line popped;
    while (const auto p = party->plan->pop_any(0)) popped.push_back(*p);
    ASSERT_EQ(popped, (Line{0, 1}));
  }
  b.plan->set_running(0);
  b.plan->put_back(1);
  a.plan->put_back(1);
  a.plan->put_back(0);
  EXPECT_TRUE(a.drain().empty());
  EXPECT_TRUE(b.drain().empty());
  pools.open();
  EXPECT_TRUE(b.drain().empty());
  EXPECT_TRUE(a.drain().empty()) << "the first wants both, and the second waits behind it";
  b.plan->add_success(0, 0);
  EXPECT_EQ(a.drain(), Line{0});
}

TEST(SharedPools, TheyTellWhoHasThemAndWhoWaits) {
  SharedPools pools = pools_of(2);
  const Party b(pools, "b", {1});
  const Party a(pools, "a", {1, 2, 1});
  EXPECT_EQ(b.drain(), Line{0});
  EXPECT_EQ(a.drain(), Line{0});
  std::string all;
  for (const SharedPools::Share& share : pools.shares(0)) {
    all += (share.place ? "waits " : "has ") + share.task_id + " " + share.process + " " +
           std::to_string(share.amount) + "\n";
  }
  EXPECT_EQ(all, "has a p0 1\nhas b p0 1\nwaits a p1 2\nwaits a p2 1\n");
}

std::string complaint_about_uses(const Named<std::uint32_t>& uses) {
  TaskConfig task;
  task.name = "t";
  ProcessConfig& process = task.processes.emplace_back();
  process.name = "p";
  process.cmdline = "true";
  process.uses = uses;
  task.pools.entries = {{"own", 1}};
  if (auto checked = check_task(task, PoolsOf::Daemon); !checked) return checked.error().message;
  const Status had = check_shared_uses(task, {{{"gpu", 2}}});
  return had ? "" : had.error().message;
}

TEST(SharedPools, ADaemonRefusesWhatItHasNot) {
  EXPECT_EQ(complaint_about_uses({{{"gpu", 2}, {"own", 1}}}), "");
  EXPECT_EQ(complaint_about_uses({{{"gpu", 3}}}),
            "processes[0].uses.gpu: is 3, and the daemon's pool holds 2: it could never run");
  EXPECT_EQ(complaint_about_uses({{{"gpus", 1}}}),
            "processes[0].uses.gpus: neither the task nor this daemon has a pool 'gpus', did you "
            "mean 'gpu'?");
  EXPECT_EQ(complaint_about_uses({{{"gpu", 0}}}),
            "processes[0].uses.gpu: is 0: what uses a pool takes 1 of it at least");
  EXPECT_EQ(complaint_about_uses({{{"gpu", 1}, {"gpu", 1}}}),
            "processes[0].uses.gpu: is given twice");
  EXPECT_EQ(complaint_about_uses({{{"a/b", 1}}}),
            "processes[0].uses.a/b: 'a/b': a name can't hold '/'");
}

TEST(SharedPools, ALaunchThatIsCalledOffAsksBeforeAllOthers) {
  SharedPools pools = pools_of(1);
  const Party a(pools, "a", {1});
  const Party b(pools, "b", {1});
  EXPECT_EQ(a.drain(), Line{0});
  EXPECT_TRUE(b.drain().empty());
  a.plan->cancel(0);
  EXPECT_TRUE(b.drain().empty());
  EXPECT_EQ(a.drain(), Line{0});
}

// A resume finds two runs where there is a place for one.
TEST(SharedPools, WithoutAPlaceAmongTheConcurrentItAsksBehindThem) {
  SharedPools pools = pools_of(2);
  const Party a(pools, "a", {1, 1, 0}, 1);
  for (const ProcessIndex p : {0, 1}) a.plan->set_running(p);
  a.plan->cancel(0);
  EXPECT_EQ(pools.shares(0).size(), 1U) << "it has no place to ask with";
  EXPECT_TRUE(a.drain().empty());
  a.plan->add_success(1, 0);
  EXPECT_EQ(a.drain(), Line{2}) << "its turn came before";
  a.plan->add_success(2, 0);
  EXPECT_EQ(a.drain(), Line{0});
}

TEST(SharedPools, EachIsToldOfByItself) {
  SharedPools pools(Named<std::uint32_t>{{{"gpu", 1}, {"tape", 1}}});
  EXPECT_EQ(pools.sizes().entries.size(), 2U);
  Party a(pools, "a", {0, 0, 0, 0});
  a.task.pools.entries = {{"own", 1}};
  a.task.processes[0].uses.entries = {{"own", 1}, {"tape", 1}};
  a.task.processes[1].uses.entries = {{"gpu", 1}};
  a.task.processes[2].uses.entries = {{"tape", 1}};
  // Without anyone to wake: it asks again by itself.
  a.plan = std::make_unique<TaskPlanner>(a.task, a.graph, TaskPlanner::Stage::Regular,
                                         PoolAccess{&pools, "a", {}});
  const auto names = [&pools](std::uint32_t pool) {
    std::string all;
    for (const SharedPools::Share& share : pools.shares(pool)) {
      all += (share.place ? " waits:" : " has:") + share.process;
    }
    return all;
  };
  pools.take(0, 1);
  EXPECT_EQ(a.drain(), (Line{0, 3}));
  EXPECT_EQ(names(0), " waits:p1");
  EXPECT_EQ(names(1), " has:p0 waits:p2");
  pools.take(0, -1);
  EXPECT_EQ(a.drain(), Line{1});
  EXPECT_EQ(names(0), " has:p1");
}

}  // namespace
}  // namespace thermos
