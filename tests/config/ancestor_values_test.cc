// Tasks and jobs as Apache Thermos wrote them.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/config/load.h"

namespace thermos::config {
namespace {

std::string task_file(const std::string& name) {
  std::ifstream file(THERMOS_SOURCE "/tests/ancestor_root/tasks/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string error_of(const std::string& text, const std::string& task = "") {
  const auto loaded = load(text, "f", task, {});
  return loaded ? "" : loaded.error().message;
}

TEST(AncestorValues, ItsOwnTaskFiles) {
  Bindings bindings;
  bindings.user = "jane";
  for (const char* name : {"finished/failure", "finished/sleep60", "active/sleep60-lost"}) {
    const auto task = load(task_file(name), name, "", bindings);
    ASSERT_TRUE(task.ok()) << task.error().message;
    EXPECT_EQ(task->user, "jane");
    EXPECT_FALSE(task->processes.front().daemon);
    EXPECT_GT(task->resources->ram, 0);
  }
}

TEST(AncestorValues, FlagsAndNumbers) {
  const auto task =
      load(R"({"max_failures": "0", "max_concurrency": "3", "finalization_wait": "1.5",
      "min_successes": 0, "resources": {"cpu": "0.5", "ram": "1024", "disk": 1, "gpu": 0,
      "best_effort": 1}, "processes": [{"name": "p", "cmdline": "true", "daemon": 1, "final": 0,
      "ephemeral": 0, "max_failures": "2", "min_duration": "7"}]})",
           "f", "", {});
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->max_failures, 0U);
  EXPECT_EQ(task->max_concurrency, 3U);
  EXPECT_EQ(task->finalization_wait, kSecond * 3 / 2);
  EXPECT_EQ(task->resources->cpu, 0.5);
  EXPECT_EQ(task->resources->ram, 1024);
  EXPECT_TRUE(task->processes[0].daemon);
  EXPECT_FALSE(task->processes[0].final);
  EXPECT_EQ(task->processes[0].max_failures, 2U);
  EXPECT_EQ(task->processes[0].min_duration, 7 * kSecond);
}

TEST(AncestorValues, NothingElseIsTakenForThem) {
  const auto with = [](const std::string& more) {
    return R"({"processes": [{"name": "p", "cmdline": "true", )" + more + "}]}";
  };
  EXPECT_NE(error_of(with(R"("daemon": 2)")).find("true or false"), std::string::npos);
  EXPECT_NE(error_of(with(R"("daemon": "1")")).find("true or false"), std::string::npos);
  EXPECT_NE(error_of(with(R"("max_failures": "010")")).find("a number"), std::string::npos);
  EXPECT_NE(error_of(with(R"("max_failures": "-1")")), "");
  EXPECT_NE(error_of(with(R"("max_failures": "1.5")")).find("whole number"), std::string::npos);
  EXPECT_NE(error_of(with(R"("gpu": 0)")).find("unknown key 'gpu'"), std::string::npos);
  EXPECT_NE(error_of(with(R"("resources": {"gpu": "0"})")).find("'gpu'"), std::string::npos);
}

constexpr const char* kJobs = R"([{"cluster": "c", "role": "r", "environment": "e", "name": "n",
    "task": {"name": "t", "processes": [{"name": "p", "cmdline": "true"}]}, "service": true},
    {"name": "bad", "task": {"processes": [{"name": "q"}]}}])";

TEST(AncestorValues, AJobIsItsTask) {
  for (const char* name : {"t", "n", "c/r/e/n"}) {
    const auto task = load(kJobs, "f", name, {});
    ASSERT_TRUE(task.ok()) << task.error().message;
    EXPECT_EQ(task->name, "t");
  }
  EXPECT_NE(error_of(kJobs, "bad").find("[1].task.processes[0]"), std::string::npos)
      << error_of(kJobs, "bad");
  EXPECT_NE(error_of(R"({"task": 3})").find("unknown key 'task'"), std::string::npos);
}

}  // namespace
}  // namespace thermos::config
