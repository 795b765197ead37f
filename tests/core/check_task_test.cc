#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/task/check_task.h"
#include "million.h"

namespace thermos {
namespace {

ProcessConfig process(const std::string& name) {
  ProcessConfig process;
  process.name = name;
  process.cmdline = "true";
  return process;
}

// Processes of the names given, and nothing else.
TaskConfig task_with(const std::vector<std::string>& names) {
  TaskConfig task;
  task.name = "t";
  for (const std::string& name : names) task.processes.push_back(process(name));
  return task;
}

std::string complaint(const TaskConfig& task) {
  const auto checked = check_task(task);
  if (checked.ok()) return "";
  EXPECT_EQ(checked.error().code, ErrorCode::BadConfig);
  EXPECT_EQ(checked.error().message.find('\n'), std::string::npos);
  return checked.error().message;
}

std::string complaint_about_name(const std::string& name) {
  return complaint(task_with({name}));
}

TEST(CheckTask, GivesTheGraphOfAGoodTask) {
  TaskConfig task = task_with({"a", "b", "c", "f", "g"});
  task.processes[3].final = task.processes[4].final = true;
  task.constraints = {{{"a", "b", "c"}}, {{"a", "c"}}, {{"f", "g"}}, {{"b"}}, {{}}, {{"a", "b"}}};
  const auto graph = check_task(task);
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  EXPECT_EQ(graph->size(), 5u);
  EXPECT_EQ(graph->dependents(0).size(), 2u);
  EXPECT_EQ(graph->dependencies(2), 2u);
  EXPECT_EQ(graph->dependencies(4), 1u);
}

TEST(CheckTask, TakesATaskOfFinalProcessesOnly) {
  TaskConfig task = task_with({"f"});
  task.processes[0].final = true;
  EXPECT_EQ(complaint(task), "");
}

TEST(CheckTask, TakesEveryGoodName) {
  EXPECT_EQ(complaint_about_name("a"), "");
  EXPECT_EQ(complaint_about_name("größe 数据 🚀"), "");
  EXPECT_EQ(complaint_about_name("a.b {{x}} 'q' \\"), "");
  EXPECT_EQ(complaint_about_name(std::string(243, 'n')), "");
}

TEST(CheckTask, RefusesBadNames) {
  EXPECT_EQ(complaint_about_name(""), "processes[0].name: a name can't be empty");
  EXPECT_EQ(complaint_about_name(std::string(244, 'n')),
            "processes[0].name: '" + std::string(60, 'n') +
                "...' is 244 bytes long: a name has at most 243, to fit into a file name");
  EXPECT_EQ(complaint_about_name(".a"), "processes[0].name: '.a': a name can't begin with '.'");
  EXPECT_EQ(complaint_about_name("a/b"), "processes[0].name: 'a/b': a name can't hold '/'");
  EXPECT_EQ(complaint_about_name("a\nb"),
            "processes[0].name: 'a\\nb': a name can't hold control characters");
  EXPECT_EQ(complaint_about_name(std::string("a\0b", 3)),
            "processes[0].name: 'a\\x00b': a name can't hold control characters");
  EXPECT_EQ(complaint_about_name("a\x7f"),
            "processes[0].name: 'a\\x7f': a name can't hold control characters");
  EXPECT_EQ(complaint_about_name("a\xff"), "processes[0].name: 'a\\xff' is not UTF-8");
  TaskConfig task = task_with({"a"});
  task.name = "x/y";
  EXPECT_EQ(complaint(task), "name: 'x/y': a name can't hold '/'");
}

TEST(CheckTask, RefusesTheSameNameTwice) {
  EXPECT_EQ(complaint(task_with({"a", "b", "a"})),
            "processes[2].name: 'a' is the name of processes[0] already");
}

TEST(CheckTask, RefusesNoProcesses) {
  EXPECT_EQ(complaint(task_with({})), "processes: a task needs at least one process");
}

TEST(CheckTask, KnowsTheKernelsLimitForACommandLine) {
  TaskConfig task = task_with({"a", "b"});
  task.processes[1].cmdline = std::string(131'071, ':');
  EXPECT_EQ(complaint(task), "");
  task.processes[1].cmdline += ':';
  EXPECT_EQ(complaint(task),
            "processes[1].cmdline: is 131072 bytes long: the kernel takes at most 131071 in one "
            "argument");
  task.processes[1].cmdline = "";
  EXPECT_EQ(complaint(task), "processes[1].cmdline: is empty");
  task.processes[1].cmdline = std::string("a\0b", 3);
  EXPECT_EQ(complaint(task), "processes[1].cmdline: holds a NUL byte");
  task.processes[1].cmdline = "echo \xc3";
  EXPECT_EQ(complaint(task), "processes[1].cmdline: is not UTF-8");
  task.processes[1].cmdline = "one\n\ttwo\n";
  EXPECT_EQ(complaint(task), "");
}

TEST(CheckTask, KnowsTheRangesOfNumbers) {
  TaskConfig task = task_with({"a"});
  task.processes[0].min_duration = -1;
  EXPECT_EQ(complaint(task), "processes[0].min_duration: is out of range: 0 to 1000000000 seconds");
  task.processes[0].min_duration = 1'000'000'000 * kSecond;
  EXPECT_EQ(complaint(task), "");
  task.finalization_wait = 1'000'000'000 * kSecond + 1;
  EXPECT_EQ(complaint(task), "finalization_wait: is out of range: 0 to 1000000000 seconds");
  task.finalization_wait = 0;
  task.resources = Resources{std::nan(""), 0, 0};
  EXPECT_EQ(complaint(task), "resources.cpu: is out of range: 0 to 1000000 cores");
  task.resources = Resources{1e6 + 1, 0, 0};
  EXPECT_EQ(complaint(task), "resources.cpu: is out of range: 0 to 1000000 cores");
  task.resources = Resources{0.5, -1, 0};
  EXPECT_EQ(complaint(task), "resources.ram: is out of range: 0 to 9223372036854775807");
  task.resources = Resources{0.5, 1, 2};
  task.processes[0].resources = Resources{1, 1, std::numeric_limits<std::int64_t>::min()};
  EXPECT_EQ(complaint(task),
            "processes[0].resources.disk: is out of range: 0 to 9223372036854775807");
}

TEST(CheckTask, SaysOfAFaultyLogSizeOneThing) {
  TaskConfig task = task_with({"a"});
  const auto complaints = [&task](std::int64_t log_size) {
    task.processes[0].logger.emplace().rotate.log_size = log_size;
    std::string all;
    for (const Error& error : find_faults(task, {.most = 10})) all += error.message + "\n";
    return all;
  };
  EXPECT_EQ(complaints(-1),
            "processes[0].logger.rotate.log_size: is out of range: 0 to 9223372036854775807\n");
  EXPECT_EQ(
      complaints(0),
      "processes[0].logger.rotate.log_size: is too small: a file holds 1024 bytes at least\n");
  EXPECT_EQ(complaints(1023), complaints(0));
  EXPECT_EQ(complaints(1024), "");
}

TEST(CheckTask, SaysOfANumberBelowZeroOneThing) {
  TaskConfig task = task_with({"a"});
  task.processes[0].watchdog = -1;
  task.processes[0].backoff.emplace().factor = -1;
  task.processes[0].backoff->most = -1;
  std::string all;
  for (const Error& error : find_faults(task, {.most = 10})) all += error.message + "\n";
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
  for (const char* place : {"watchdog", "backoff.factor", "backoff.most"}) {
    EXPECT_NE(all.find("processes[0]." + std::string(place) + ": is out of range"),
              std::string::npos)
        << all;
  }
}

TEST(CheckTask, RefusesATimeForAFinalizer) {
  TaskConfig task = task_with({"a"});
  task.processes[0].time = kSecond;
  EXPECT_EQ(complaint(task), "");
  task.processes[0].final = true;
  EXPECT_EQ(complaint(task),
            "processes[0].time: is of no use to a finalizer: it starts whatever time is left");
}

TEST(CheckTask, RefusesAUserThatBreaksALine) {
  TaskConfig task = task_with({"a"});
  task.user = "x\ny";
  EXPECT_EQ(complaint(task), "user: 'x\\ny': a user's name can't hold control characters");
  task.user = "x\xff";
  EXPECT_EQ(complaint(task), "user: 'x\\xff' is not UTF-8");
}

TEST(CheckTask, NamesTheNearestProcess) {
  TaskConfig task = task_with({"fetch", "build", "test"});
  task.constraints = {{{"fetch", "biuld"}}};
  EXPECT_EQ(complaint(task),
            "constraints[0].order[1]: there is no process 'biuld', did you mean 'build'?");
  task.constraints = {{{"deploy"}}};
  EXPECT_EQ(complaint(task), "constraints[0].order[0]: there is no process 'deploy'");
}

TEST(CheckTask, KeepsRegularAndFinalApart) {
  TaskConfig task = task_with({"a", "f"});
  task.processes[1].final = true;
  task.constraints = {{{"a", "f"}}};
  EXPECT_EQ(complaint(task),
            "constraints[0].order[1]: 'f' is final and 'a' is not: an order is all final or not at "
            "all");
  task.constraints = {{{"f", "a"}}};
  EXPECT_EQ(complaint(task),
            "constraints[0].order[1]: 'f' is final and 'a' is not: an order is all final or not at "
            "all");
}

TEST(CheckTask, LetsNothingWaitForADaemon) {
  TaskConfig task = task_with({"a", "d", "b"});
  task.processes[1].daemon = true;
  task.constraints = {{{"a", "d"}}};
  EXPECT_EQ(complaint(task), "");
  task.constraints = {{{"a", "d", "b"}}};
  EXPECT_EQ(
      complaint(task),
      "constraints[0].order[2]: 'b' can't wait for 'd', a daemon: it runs again and again and "
      "never ends");
}

TEST(CheckTask, LetsOnlyEphemeralsWaitForAnEphemeral) {
  TaskConfig task = task_with({"a", "e", "f"});
  task.processes[1].ephemeral = task.processes[2].ephemeral = true;
  task.constraints = {{{"a", "e", "f"}}};
  EXPECT_EQ(complaint(task), "");
  task.constraints = {{{"e", "a"}}};
  EXPECT_EQ(
      complaint(task),
      "constraints[0].order[1]: 'a' can't wait for 'e', which is ephemeral: only an ephemeral "
      "process can");
}

TEST(CheckTask, SaysWhichCycle) {
  TaskConfig task = task_with({"a", "b", "c"});
  task.constraints = {{{"a", "b"}}, {{"b", "c"}}, {{"c", "a"}}};
  EXPECT_EQ(complaint(task), "constraints[2].order: a cycle: a -> b -> c -> a");
  task.constraints = {{{"b", "b"}}};
  EXPECT_EQ(complaint(task), "constraints[0].order: a cycle: b -> b");
  task.constraints = {{{"a", "c", "a"}}};
  EXPECT_EQ(complaint(task), "constraints[0].order: a cycle: a -> c -> a");
  task.constraints = {{{"b", "c"}}, {{"a", "b"}}, {{"b", "a"}}};
  EXPECT_EQ(complaint(task), "constraints[2].order: a cycle: a -> b -> a");
}

TEST(CheckTask, LeavesOutTheMiddleOfALongCycle) {
  std::vector<std::string> names;
  names.reserve(101);
  for (int i = 0; i < 100; ++i) names.push_back("p" + std::to_string(i));
  TaskConfig task = task_with(names);
  names.push_back("p0");
  task.constraints = {{names}};
  EXPECT_EQ(complaint(task),
            "constraints[0].order: a cycle: p0 -> p1 -> p2 -> p3 -> p4 -> p5 -> (88 more) -> "
            "p94 -> p95 -> p96 -> p97 -> p98 -> p99 -> p0");
}

TEST(CheckTask, TakesManyProcessesInAChainAndInLayers) {
  constexpr std::size_t kWidth = 1000;
  constexpr std::size_t kMany = 200'000;
  TaskConfig task;
  task.name = "t";
  task.processes.resize(kMany);
  Constraint chain;
  chain.order.reserve(kMany);
  for (std::size_t i = 0; i < kMany; ++i) {
    task.processes[i] = process("p" + std::to_string(i));
    chain.order.push_back(task.processes[i].name);
  }
  task.constraints.push_back(std::move(chain));
  EXPECT_EQ(complaint(task), "");

  task.constraints.clear();
  for (std::size_t i = kWidth; i < kMany; ++i) {
    const std::size_t above = i - kWidth;
    task.constraints.push_back({{task.processes[above].name, task.processes[i].name}});
    if (i % 2 == 0) {
      task.constraints.push_back({{task.processes[above + 1].name, task.processes[i].name}});
    }
  }
  const auto graph = check_task(task);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->dependencies(kMany - 2), 2u);
}

}  // namespace
}  // namespace thermos
