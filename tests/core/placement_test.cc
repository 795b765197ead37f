// Which node a run gets.
#include "core/runner/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/task/check_task.h"
#include "core/task/node_choice.h"
#include "core/task/one_per_node.h"

namespace thermos {
namespace {

constexpr Room kTwoCores{2000, std::int64_t{1} << 30};

class PlacementTest : public ::testing::Test {
 protected:
  ProcessIndex add(const std::string& name, const std::string& on = "", double cpu = 0,
                   std::int64_t ram = 0) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    process.on = on;
    if (cpu != 0 || ram != 0) process.resources = Resources{cpu, ram, 0};
    return static_cast<ProcessIndex>(task_.processes.size() - 1);
  }
  void use(const std::vector<std::string>& nodes) {
    placement_.emplace(task_);
    placement_->use(nodes);
  }
  // "a:n1", or "" if nobody gets a node.
  std::string next() {
    const auto placed = placement_->next();
    if (!placed) return "";
    return task_.processes[placed->process].name + ":" + std::string(placed->node);
  }

  TaskConfig task_;
  std::optional<Placement> placement_;
};

TEST_F(PlacementTest, TheFirstNodeWithRoomInTheOrderOfTheNodes) {
  for (const char* name : {"a", "b", "c", "d", "e"}) add(name);
  use({"n1", "n2"});
  for (ProcessIndex p = 0; p < 5; ++p) placement_->ask(p);
  EXPECT_EQ(next(), "");  // none is up
  placement_->up("n2", kTwoCores);
  placement_->up("n1", kTwoCores);
  EXPECT_EQ(next(), "a:n1");
  EXPECT_EQ(next(), "b:n1");
  EXPECT_EQ(next(), "c:n2");
  EXPECT_EQ(next(), "d:n2");
  EXPECT_EQ(next(), "");
  EXPECT_EQ(placement_->waiting(), 1u);
  placement_->release(2);
  EXPECT_EQ(next(), "e:n2");
  EXPECT_EQ(placement_->waiting(), 0u);
}

TEST_F(PlacementTest, WhoTakesLessIsNotHeldUp) {
  add("large", "", 2);
  add("small", "", 0.5);
  add("tight", "", 0.1, std::int64_t{1} << 31);
  use({"n1"});
  placement_->up("n1", {1000, std::int64_t{1} << 30});
  for (ProcessIndex p = 0; p < 3; ++p) placement_->ask(p);
  EXPECT_EQ(next(), "small:n1");
  EXPECT_EQ(next(), "");
  placement_->up("n1", {4000, 0});  // its ram is not known
  EXPECT_EQ(next(), "large:n1");
  EXPECT_EQ(next(), "tight:n1");
}

TEST_F(PlacementTest, ANodeThatIsNamedAndOneThatNobodyKnows) {
  add("a", "n2");
  add("b", "n9");
  use({"n1", "n2"});
  placement_->up("n1", kTwoCores);
  placement_->ask(0);
  placement_->ask(1);
  EXPECT_EQ(next(), "");
  placement_->up("n2", kTwoCores);
  EXPECT_EQ(next(), "a:n2");
  EXPECT_EQ(next(), "");
  placement_->up("n9", kTwoCores);
  EXPECT_EQ(next(), "b:n9");
}

TEST_F(PlacementTest, NothingNewOnANodeThatIsDown) {
  add("a");
  add("b");
  use({"n1"});
  placement_->up("n1", kTwoCores);
  placement_->ask(0);
  EXPECT_EQ(next(), "a:n1");
  placement_->down("n1");
  placement_->ask(1);
  EXPECT_EQ(next(), "");
  // What ran there keeps its room.
  placement_->up("n1", {1000, 0});
  EXPECT_EQ(next(), "");
  placement_->release(0);
  EXPECT_EQ(next(), "b:n1");
}

TEST_F(PlacementTest, AGroupIsWhereItsFirstIs) {
  add("alone");
  const ProcessIndex root = add("root");
  const ProcessIndex second = add("second", "same-as root");
  const ProcessIndex third = add("third", "same-as second");
  use({"n1", "n2"});
  placement_->up("n1", {1000, 0});
  placement_->up("n2", {3000, 0});
  placement_->ask(0);
  EXPECT_EQ(next(), "alone:n1");
  // Whichever asks first decides, and it need not be the one that the others name.
  placement_->ask(third);
  placement_->ask(root);
  EXPECT_EQ(next(), "third:n2");
  placement_->release(0);
  EXPECT_EQ(next(), "root:n2");
  placement_->ask(second);
  EXPECT_EQ(next(), "second:n2");
}

TEST_F(PlacementTest, WhoFollowsOneThatIsCalledOffAsksForItself) {
  const ProcessIndex root = add("root");
  const ProcessIndex second = add("second", "same-as root");
  use({"n1"});
  placement_->ask(root);
  placement_->ask(second);
  EXPECT_TRUE(placement_->withdraw(root));
  EXPECT_FALSE(placement_->withdraw(root));
  placement_->up("n1", kTwoCores);
  EXPECT_EQ(next(), "second:n1");
  EXPECT_EQ(next(), "");
}

TEST_F(PlacementTest, WhoIsCalledOffBehindAnotherLeavesThatInItsPlace) {
  const ProcessIndex root = add("root");
  const ProcessIndex second = add("second", "same-as root");
  use({"n1"});
  placement_->ask(root);
  placement_->ask(second);
  EXPECT_TRUE(placement_->withdraw(second));
  placement_->up("n1", kTwoCores);
  EXPECT_EQ(next(), "root:n1");
  EXPECT_EQ(next(), "");
}

TEST_F(PlacementTest, WhoFollowsOneThatIsCalledOffIsTriedAtOnce) {
  const ProcessIndex root = add("root", "", 2);
  const ProcessIndex second = add("second", "same-as root");
  use({"n1"});
  placement_->up("n1", {1000, 0});
  placement_->ask(root);
  placement_->ask(second);
  EXPECT_EQ(next(), "");  // the root does not fit, and the other one follows it
  EXPECT_TRUE(placement_->withdraw(root));
  EXPECT_EQ(next(), "second:n1");
}

TEST_F(PlacementTest, WhichNodesAreUp) {
  add("a");
  use({"n1", "n2"});
  placement_->up("n1", kTwoCores);
  EXPECT_TRUE(placement_->is_up("n1"));
  EXPECT_FALSE(placement_->is_up("n2"));
  EXPECT_FALSE(placement_->is_up("n3"));
  placement_->down("n1");
  EXPECT_FALSE(placement_->is_up("n1"));
}

TEST_F(PlacementTest, WhatAProcessTakes) {
  EXPECT_EQ(room_for(task_.processes[add("a")]), (Room{1000, 0}));
  EXPECT_EQ(room_for(task_.processes[add("b", "", 0, 5)]), (Room{1000, 5}));
  EXPECT_EQ(room_for(task_.processes[add("c", "", 0.5, 5)]), (Room{500, 5}));
}

TEST_F(PlacementTest, AGroupLeavesANodeThatIsGone) {
  const ProcessIndex root = add("root");
  const ProcessIndex second = add("second", "same-as root");
  const ProcessIndex fixed = add("fixed", "n1");
  use({"n1", "n2"});
  placement_->up("n1", {1000, 0});
  placement_->ask(root);
  EXPECT_EQ(next(), "root:n1");
  placement_->ask(second);
  placement_->ask(fixed);
  EXPECT_EQ(next(), "");
  placement_->gone("n1");
  placement_->release(root);
  placement_->up("n2", kTwoCores);
  EXPECT_EQ(next(), "second:n2");
  placement_->ask(root);
  EXPECT_EQ(next(), "root:n2");
  EXPECT_EQ(next(), "");  // who names the node waits for it
  placement_->up("n1", kTwoCores);
  EXPECT_EQ(next(), "fixed:n1");
}

TEST_F(PlacementTest, AGroupIsTriedElsewhereAtOnceThoughNothingRanOnTheNodeThatIsGone) {
  const ProcessIndex root = add("root");
  const ProcessIndex second = add("second", "same-as root");
  use({"n1", "n2"});
  placement_->up("n1", kTwoCores);
  placement_->up("n2", kTwoCores);
  placement_->ask(root);
  EXPECT_EQ(next(), "root:n1");
  placement_->release(root);
  placement_->down("n1");
  placement_->ask(second);
  EXPECT_EQ(next(), "");
  placement_->gone("n1");
  EXPECT_EQ(next(), "second:n2");
}

TEST_F(PlacementTest, AResumeTakesTheRoomOfWhatRuns) {
  const ProcessIndex a = add("a");
  const ProcessIndex b = add("b");
  const ProcessIndex c = add("c", "same-as d");
  const ProcessIndex d = add("d");
  use({"n1", "n2"});
  placement_->restore(a, "n1", true);
  placement_->restore(d, "n2", false);
  placement_->up("n1", {1000, 0});
  placement_->up("n2", {1000, 0});
  placement_->ask(b);
  placement_->ask(c);
  EXPECT_EQ(next(), "b:n2");
  EXPECT_EQ(next(), "");
  placement_->release(b);
  EXPECT_EQ(next(), "c:n2");
}

TEST_F(PlacementTest, WithoutNodesNothingIsPlaced) {
  add("a");
  use({});
  EXPECT_FALSE(placement_->active());
  EXPECT_FALSE(placement_->waits(0));
  placement_->release(0);
  placement_->gone("n1");
  EXPECT_FALSE(placement_->is_up("n1"));
}

// ---- `on` --------------------------------------------------------------------------------------

TEST(On, IsRead) {
  EXPECT_EQ(on_of("").rule, On::Rule::Any);
  EXPECT_EQ(on_of("each").rule, On::Rule::Each);
  EXPECT_EQ(on_of("n1").rule, On::Rule::Node);
  EXPECT_EQ(on_of("n1").name, "n1");
  EXPECT_EQ(on_of("same-as a b").rule, On::Rule::SameAs);
  EXPECT_EQ(on_of("same-as a b").name, "a b");
}

TEST(On, NamesOfNodes) {
  for (const char* good : {"n1", "node-7.example.org", "10.0.0.1", "user@host"}) {
    EXPECT_TRUE(check_node_name(good).ok()) << good;
  }
  for (const char* bad : {"", ".", "..", "a/b", "-v", "a b", "a\x7f", "a\n", ".hidden"}) {
    EXPECT_FALSE(check_node_name(bad).ok()) << bad;
  }
  EXPECT_TRUE(check_node_name(std::string(200, 'n')).ok());
  EXPECT_FALSE(check_node_name(std::string(201, 'n')).ok());
}

class OnCheck : public PlacementTest {
 protected:
  std::string fault() {
    task_.name = "t";
    const auto checked = check_task(task_);
    return checked.ok() ? "" : checked.error().message;
  }
};

TEST_F(OnCheck, AcceptsWhatCanBe) {
  add("a");
  add("b", "same-as a");
  add("c", "same-as b");
  add("d", "each");
  add("e", "n1");
  EXPECT_EQ(fault(), "");
}

TEST_F(OnCheck, ARing) {
  add("a", "same-as b");
  add("b", "same-as a");
  EXPECT_EQ(fault(), "processes[0].on: comes back to the process itself");
}

TEST_F(OnCheck, OneBehindARingIsNotAtFaultItself) {
  add("c", "same-as a");
  add("a", "same-as a");
  EXPECT_EQ(fault(), "processes[1].on: comes back to the process itself");
}

// Each of them is passed once, in whichever order they stand.
TEST_F(OnCheck, ALongChain) {
  constexpr int kMany = 100'000;
  add("p0");
  for (int i = 1; i < kMany; ++i) {
    add("p" + std::to_string(i), "same-as p" + std::to_string(i - 1));
  }
  EXPECT_EQ(fault(), "");
  std::reverse(task_.processes.begin(), task_.processes.end());
  EXPECT_EQ(fault(), "");
  // All of it behind a ring of two at its end.
  task_.processes.back().on = "same-as p1";
  EXPECT_EQ(fault(),
            "processes[" + std::to_string(kMany - 2) + "].on: comes back to the process itself");
}

TEST_F(OnCheck, SomebodyWhoIsNotThere) {
  add("a", "same-as x");
  EXPECT_EQ(fault(), "processes[0].on: there is no process 'x'");
}

TEST_F(OnCheck, WhoFollowsOneThatFollowsNobodyWhoIsThere) {
  add("a", "same-as b");
  add("b", "same-as x");
  EXPECT_EQ(fault(), "processes[1].on: there is no process 'x'");
}

TEST_F(OnCheck, WhoIsEverywhere) {
  add("a", "each");
  add("b", "same-as a");
  EXPECT_EQ(fault(), "processes[1].on: 'a' runs on each node: which one is meant is not said");
}

TEST_F(OnCheck, NoNameOfANode) {
  add("a", "up/down");
  EXPECT_NE(fault().find("can't be the name of a node"), std::string::npos) << fault();
}

// ---- each --------------------------------------------------------------------------------------

class Spread : public PlacementTest {};

TEST_F(Spread, OneForEachNode) {
  add("before");
  add("p", "each");
  add("after");
  task_.processes[1].needs.entries.emplace_back("before", Condition::Start);
  task_.processes[2].needs.entries.emplace_back("p", Condition::End);
  task_.constraints.push_back({{"before", "p", "after"}});
  task_.constraints.push_back({{"before", "after"}});
  EXPECT_TRUE(is_spread(task_));
  EXPECT_TRUE(spread_over(task_, {"n1", "n2"}));
  EXPECT_FALSE(is_spread(task_));
  ASSERT_EQ(task_.processes.size(), 4u);
  EXPECT_EQ(task_.processes[1].name, "p@n1");
  EXPECT_EQ(task_.processes[1].on, "n1");
  EXPECT_EQ(task_.processes[2].name, "p@n2");
  EXPECT_EQ(task_.processes[2].on, "n2");
  EXPECT_EQ(task_.processes[2].needs, task_.processes[1].needs);
  const Named<Condition> needs{{{"p@n1", Condition::End}, {"p@n2", Condition::End}}};
  EXPECT_EQ(task_.processes[3].needs, needs);
  const std::vector<Constraint> orders = {{{"before", "p@n1"}},
                                          {{"before", "p@n2"}},
                                          {{"p@n1", "after"}},
                                          {{"p@n2", "after"}},
                                          {{"before", "after"}}};
  EXPECT_EQ(task_.constraints, orders);
  EXPECT_FALSE(spread_over(task_, {"n1", "n2"}));
}

TEST_F(Spread, WhatHasANodeInAPathAlone) {
  add("p");
  EXPECT_FALSE(is_spread(task_));
  task_.processes[0].makes_files = {"{node}"};
  EXPECT_TRUE(is_spread(task_));
  task_.processes[0].makes_files = {};
  task_.processes[0].needs_files = {"{node}"};
  EXPECT_TRUE(is_spread(task_));
}

TEST_F(Spread, WithoutNodesItIsOneOfThisMachine) {
  add("p", "each");
  EXPECT_TRUE(spread_over(task_, {}));
  ASSERT_EQ(task_.processes.size(), 1u);
  EXPECT_EQ(task_.processes[0].on, "");
  EXPECT_FALSE(spread_over(task_, {}));
}

}  // namespace
}  // namespace thermos
