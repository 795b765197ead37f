#include "core/compose.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/graph.h"

namespace thermos {
namespace {

using Tasks = std::vector<TaskConfig>;
using Order = std::vector<std::string>;

TaskConfig task(const std::string& name, const std::vector<std::string>& processes) {
  TaskConfig task;
  task.name = name;
  for (const std::string& process : processes) {
    task.processes.emplace_back();
    task.processes.back().name = process;
    task.processes.back().cmdline = "run " + process;
  }
  return task;
}

Order names_of(const TaskConfig& task) {
  Order names;
  for (const ProcessConfig& process : task.processes) names.push_back(process.name);
  return names;
}

std::vector<Order> orders_of(const TaskConfig& task) {
  std::vector<Order> orders;
  for (const Constraint& constraint : task.constraints) orders.push_back(constraint.order);
  return orders;
}

TEST(Compose, OrdersByNameOrByProcess) {
  EXPECT_EQ(order({"a", "b"}).order, (Order{"a", "b"}));
  EXPECT_EQ(order(task("t", {"x", "y", "z"}).processes).order, (Order{"x", "y", "z"}));
}

TEST(Compose, CombiningMergesWhatIsAlikeAndSumsResources) {
  Tasks tasks = {task("one", {"a", "b"}), task("two", {"b", "c"}), task("three", {"d"})};
  tasks[0].constraints = {order({"a", "b"})};
  tasks[1].constraints = {order({"b", "c"}), order({"a", "b"})};
  tasks[0].resources = Resources{0.5, 10, 100};
  tasks[1].resources = Resources{1.25, 20, 300};
  tasks[1].max_failures = 7;
  tasks[2].finalization_wait = 9 * kSecond;

  const TaskConfig all = combine_tasks(tasks);
  EXPECT_EQ(names_of(all), (Order{"a", "b", "c", "d"}));
  EXPECT_EQ(orders_of(all), (std::vector<Order>{{"a", "b"}, {"b", "c"}}));
  EXPECT_EQ(all.resources, (Resources{1.75, 30, 400}));
  // The rest is the last one's.
  EXPECT_EQ(all.name, "three");
  EXPECT_EQ(all.max_failures, 1U);
  EXPECT_EQ(all.finalization_wait, 9 * kSecond);
  EXPECT_TRUE(check_task(all).ok());
}

TEST(Compose, TwoProcessesOfOneNameAreNotMerged) {
  Tasks tasks = {task("one", {"a"}), task("two", {"a"})};
  tasks[1].processes[0].max_failures = 2;
  const TaskConfig all = combine_tasks(tasks);
  EXPECT_EQ(names_of(all), (Order{"a", "a"}));
  EXPECT_FALSE(check_task(all).ok());
}

TEST(Compose, ConcatenatingPutsEveryProcessBeforeEveryOneOfTheNext) {
  Tasks tasks = {task("one", {"a", "b"}), task("two", {"c", "d"}), task("three", {"e"})};
  tasks[0].constraints = {order({"a", "b"})};
  tasks[0].resources = Resources{0.5, 30, 100};
  tasks[1].resources = Resources{1.25, 20, 300};

  const TaskConfig all = concat_tasks(tasks);
  EXPECT_EQ(all.name, "three");
  EXPECT_EQ(all.resources, (Resources{1.25, 30, 300}));
  EXPECT_EQ(
      orders_of(all),
      (std::vector<Order>{
          {"a", "b"}, {"a", "c"}, {"a", "d"}, {"b", "c"}, {"b", "d"}, {"c", "e"}, {"d", "e"}}));
  const auto graph = check_task(all);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->longest_chain({}), (std::vector<ProcessIndex>{0, 1, 2, 4}));
}

TEST(Compose, AProcessInBothNeighboursDoesNotWaitForItself) {
  const TaskConfig all = concat_tasks(Tasks{task("one", {"a", "b"}), task("two", {"b", "c"})});
  EXPECT_EQ(names_of(all), (Order{"a", "b", "c"}));
  EXPECT_EQ(orders_of(all), (std::vector<Order>{{"a", "b"}, {"a", "c"}, {"b", "c"}}));
  EXPECT_TRUE(check_task(all).ok());
}

TEST(Compose, NothingMakesNothing) {
  EXPECT_EQ(combine_tasks({}), TaskConfig());
  EXPECT_EQ(concat_tasks({}), TaskConfig());
  EXPECT_EQ(combine_tasks(Tasks{task("t", {"a"})}).resources, Resources());
}

TEST(Compose, SumsDoNotOverflow) {
  Tasks tasks = {task("one", {"a"}), task("two", {"b"})};
  tasks[0].resources = tasks[1].resources =
      Resources{1, std::numeric_limits<std::int64_t>::max(), 1};
  EXPECT_EQ(sum_resources(tasks).ram, std::numeric_limits<std::int64_t>::max());
}

TEST(Compose, ASimpleTaskCanRun) {
  const TaskConfig simple = simple_task("hello", "echo hello");
  EXPECT_EQ(simple.name, "hello");
  EXPECT_EQ(names_of(simple), Order{"hello"});
  EXPECT_EQ(simple.processes[0].cmdline, "echo hello");
  EXPECT_EQ(simple.resources, (Resources{1.0, kGiB, kGiB}));
  EXPECT_TRUE(check_task(simple).ok());
}

TEST(Compose, ASequentialTaskRunsAsItStands) {
  const auto sequential = sequential_task(task("t", {"a", "b", "c"}));
  ASSERT_TRUE(sequential.ok());
  EXPECT_EQ(orders_of(*sequential), (std::vector<Order>{{"a", "b", "c"}}));
  EXPECT_TRUE(sequential_task(TaskConfig()).value().constraints.empty());

  TaskConfig ordered = task("t", {"a", "b"});
  ordered.constraints = {order({"b", "a"})};
  const auto refused = sequential_task(ordered);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfig);
  EXPECT_EQ(refused.error().message,
            "constraints: a sequential task has none of its own: its processes run as they stand");
}

TEST(Compose, RendersOptions) {
  const std::vector<CommandOption> options = {{"a", "23"}, {"boo", "foo"}, {"v", ""}};
  EXPECT_EQ(java_options(options), "-a 23 -boo foo -v");
  EXPECT_EQ(python_options(options), "-a 23 --boo foo -v");
  EXPECT_EQ(java_options({}), "");
}

}  // namespace
}  // namespace thermos
