// What check_task() says of needs and of pools.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/task/check_task.h"

namespace thermos {
namespace {

using Needs = std::vector<std::pair<std::string, Condition>>;
using Uses = std::vector<std::pair<std::string, std::uint32_t>>;

// Processes a, b, c; d is a daemon, e is ephemeral, f is final.
TaskConfig sample() {
  TaskConfig task;
  task.name = "t";
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    task.processes.emplace_back();
    task.processes.back().name = name;
    task.processes.back().cmdline = "true";
  }
  task.processes[3].daemon = true;
  task.processes[4].ephemeral = true;
  task.processes[5].final = true;
  return task;
}

std::string refusal(const TaskConfig& task) {
  const auto graph = check_task(task);
  return graph ? "" : graph.error().message;
}

std::string with_needs(std::size_t process, const Needs& needs) {
  TaskConfig task = sample();
  task.processes[process].needs.entries = needs;
  return refusal(task);
}

TEST(CheckNeeds, MakesEdgesBesideThoseOfOrders) {
  TaskConfig task = sample();
  task.constraints = {{{"a", "b"}}};
  task.processes[1].needs.entries = {{"a", Condition::Start}, {"d", Condition::Start}};
  task.processes[2].needs.entries = {{"b", Condition::End}};
  const auto graph = check_task(task);
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  EXPECT_EQ(graph->dependencies(1), 3U);
  EXPECT_EQ(graph->dependencies(2), 1U);
  EXPECT_EQ(graph->dependents(1, Condition::End).size(), 1U);
  EXPECT_EQ(graph->dependents(3, Condition::Start).size(), 1U);
}

TEST(CheckNeeds, TakesADaemonsOrAnEphemeralsStartAlone) {
  EXPECT_EQ(with_needs(0, {{"d", Condition::Start}, {"e", Condition::Start}}), "");
  EXPECT_EQ(with_needs(0, {{"d", Condition::Success}}),
            "processes[0].needs.d: 'a' can't wait for 'd', a daemon: it runs again and again and "
            "never ends; its start can be needed");
  EXPECT_EQ(with_needs(0, {{"d", Condition::End}}),
            "processes[0].needs.d: 'a' can't wait for 'd', a daemon: it runs again and again and "
            "never ends; its start can be needed");
  EXPECT_EQ(with_needs(0, {{"e", Condition::End}}),
            "processes[0].needs.e: 'a' can't wait for 'e', which is ephemeral: only an ephemeral "
            "process can; its start can be needed");
}

TEST(CheckNeeds, RefusesTwoConditionsOfOneProcess) {
  EXPECT_EQ(
      with_needs(2, {{"b", Condition::End}, {"a", Condition::End}, {"b", Condition::Success}}),
      "processes[2].needs.b: is given twice: a process has one condition");
}

TEST(CheckNeeds, RefusesWhatCanNeverHold) {
  EXPECT_EQ(with_needs(0, {{"bb", Condition::Start}}),
            "processes[0].needs.bb: there is no process 'bb', did you mean 'b'?");
  EXPECT_EQ(with_needs(0, {{"b", Condition::Ready}}),
            "processes[0].needs.b: 'b' has no `ready`, so nothing can wait until it is ready");
  EXPECT_EQ(with_needs(0, {{"f", Condition::Start}}),
            "processes[0].needs.f: 'f' is final and 'a' is not: neither can need the other");
  EXPECT_EQ(with_needs(5, {{"a", Condition::End}}),
            "processes[5].needs.a: 'f' is final and 'a' is not: neither can need the other");
}

TEST(CheckNeeds, RefusesACycleThroughAnyCondition) {
  EXPECT_EQ(with_needs(1, {{"b", Condition::Start}}), "processes[1].needs.b: a cycle: b -> b");
  TaskConfig task = sample();
  task.constraints = {{{"a", "b"}}};
  task.processes[2].needs.entries = {{"b", Condition::Start}};
  task.processes[0].needs.entries = {{"c", Condition::End}};
  EXPECT_EQ(refusal(task), "processes[0].needs.c: a cycle: a -> b -> c -> a");
}

std::string with_uses(const Uses& pools, const Uses& uses) {
  TaskConfig task = sample();
  task.pools.entries = pools;
  task.processes[1].uses.entries = uses;
  return refusal(task);
}

TEST(CheckPools, TakesWhatThereIs) {
  EXPECT_EQ(with_uses({{"gpu", 2}, {"disk", 0}}, {{"gpu", 2}}), "");
}

TEST(CheckPools, RefusesWhatCanNeverBeHad) {
  EXPECT_EQ(with_uses({{"gpu", 2}}, {{"gpu", 3}}),
            "processes[1].uses.gpu: is 3, and the pool holds 2: it could never run");
  EXPECT_EQ(with_uses({{"gpu", 2}}, {{"gpus", 1}}),
            "processes[1].uses.gpus: the task has no pool 'gpus', did you mean 'gpu'?");
  EXPECT_EQ(with_uses({}, {{"gpu", 1}}),
            "processes[1].uses.gpu: the task has no pool 'gpu'; what tasks share is a daemon's, so "
            "submit it");
  EXPECT_EQ(with_uses({{"gpu", 2}}, {{"gpu", 0}}),
            "processes[1].uses.gpu: is 0: what uses a pool takes 1 of it at least");
  EXPECT_EQ(with_uses({{"gpu", 2}}, {{"gpu", 1}, {"gpu", 1}}),
            "processes[1].uses.gpu: is given twice");
}

TEST(CheckPools, RefusesWrongNames) {
  EXPECT_EQ(with_uses({{"", 2}}, {}), "pools.: a name can't be empty");
  EXPECT_EQ(with_uses({{"gpu", 2}, {"gpu", 1}}, {}), "pools.gpu: is given twice");
}

}  // namespace
}  // namespace thermos
