// All that is wrong with a task, and how long its longest chain is.
#include <gtest/gtest.h>

#include "core/task/check_task.h"

namespace thermos {
namespace {

TaskConfig task(const std::vector<std::string>& processes) {
  TaskConfig task;
  task.name = "t";
  for (const std::string& process : processes) {
    task.processes.emplace_back();
    task.processes.back().name = process;
    task.processes.back().cmdline = "true";
  }
  return task;
}

std::vector<std::string> faults(const TaskConfig& task, const FaultSearch& search) {
  std::vector<std::string> found;
  for (const Error& error : find_faults(task, search)) found.push_back(error.message);
  return found;
}

TEST(Faults, FindsAll) {
  TaskConfig bad = task({"a", "b", "c", "d", "a", ".e"});
  bad.processes[1].cmdline.clear();
  bad.processes[2].daemon = true;
  bad.processes[3].final = true;
  bad.finalization_wait = -1;
  bad.constraints = {{{"a", "bb", "x"}}, {{"c", "b"}}, {{"a", "d"}}, {{"a", "b", "a"}}};
  EXPECT_EQ(
      faults(bad, {100}),
      (std::vector<std::string>{
          "processes[1].cmdline: is empty", "processes[5].name: '.e': a name can't begin with '.'",
          "finalization_wait: is out of range: 0 to 1000000000 seconds",
          "processes[4].name: 'a' is the name of processes[0] already",
          "constraints[0].order[1]: there is no process 'bb', did you mean 'b'?",
          "constraints[0].order[2]: there is no process 'x'",
          "constraints[1].order[1]: 'b' can't wait for 'c', a daemon: it runs again and "
          "again and never ends",
          "constraints[2].order[1]: 'd' is final and 'a' is not: an order is all final or "
          "not at all",
          "constraints[3].order: a cycle: a -> b -> a"}));
  EXPECT_EQ(faults(bad, {2}).size(), 2U);
  EXPECT_EQ(faults(bad, {100, false}).size(), 3U);
  EXPECT_EQ(check_task(bad).error().message, faults(bad, {1}).front());
}

TEST(Faults, FindsEveryCycle) {
  TaskConfig bad = task({"a", "b", "c", "d"});
  bad.constraints = {{{"a", "b"}}, {{"b", "a"}}, {{"c", "d", "c"}}};
  EXPECT_EQ(faults(bad, {100}),
            (std::vector<std::string>{"constraints[1].order: a cycle: a -> b -> a",
                                      "constraints[2].order: a cycle: c -> d -> c"}));
}

TEST(Faults, StopsAtAsManyAsWanted) {
  EXPECT_EQ(faults(task({"a", "a", "a"}), {1}).size(), 1U);
  TaskConfig bad = task({"a"});
  bad.constraints = {{{"x", "y"}}, {{"z"}}};
  EXPECT_EQ(faults(bad, {1}).size(), 1U);
  EXPECT_EQ(faults(bad, {2}).size(), 2U);
  EXPECT_EQ(faults(bad, {100}).size(), 3U);
}

TEST(Faults, AnEmptyNameIsNotTheNameOfAnother) {
  EXPECT_EQ(faults(task({"", ""}), {100}),
            (std::vector<std::string>{"processes[0].name: a name can't be empty",
                                      "processes[1].name: a name can't be empty"}));
}

// The search for each walks the whole graph.
TEST(Faults, ShowsTwentyCyclesAtMost) {
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) names.push_back("p" + std::to_string(i));
  TaskConfig bad = task(names);
  for (std::size_t i = 0; i < 50; i += 2) {
    bad.constraints.push_back({{names[i], names[i + 1], names[i]}});
  }
  EXPECT_EQ(faults(bad, {100}).size(), 20U);
}

TEST(Faults, FindsNothingInATaskThatCanRun) {
  EXPECT_TRUE(faults(task({"a", "b"}), {100}).empty());
}

TEST(LongestChain, IsTheLongest) {
  const Graph graph(6, {{0, 1}, {1, 2}, {0, 2}, {3, 4}, {2, 5}, {4, 5}});
  EXPECT_EQ(graph.depths(), (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 3}));
  EXPECT_EQ(graph.longest_chain({}), (std::vector<ProcessIndex>{0, 1, 2, 5}));
}

TEST(LongestChain, KeepsToWhatCounts) {
  const Graph graph(5, {{0, 1}, {1, 2}, {3, 4}});
  const std::vector<bool> finals = {false, false, false, true, true};
  EXPECT_EQ(graph.longest_chain(finals), (std::vector<ProcessIndex>{3, 4}));
  EXPECT_TRUE(graph.longest_chain(std::vector<bool>(5, false)).empty());
  EXPECT_TRUE(Graph().longest_chain({}).empty());
}

TEST(LongestChain, OfSeveralIsTheEarliest) {
  EXPECT_EQ(Graph(3, {}).longest_chain({}), std::vector<ProcessIndex>{0});
  EXPECT_EQ(Graph(4, {{2, 3}, {0, 1}}).longest_chain({}), (std::vector<ProcessIndex>{0, 1}));
}

TEST(LongestChain, WalksALongOne) {
  constexpr std::uint32_t kMany = 100'000;
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = 1; i < kMany; ++i) edges.push_back({i - 1, i});
  EXPECT_EQ(Graph(kMany, edges).longest_chain({}).size(), kMany);
}

}  // namespace
}  // namespace thermos
