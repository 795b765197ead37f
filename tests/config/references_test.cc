#include <gtest/gtest.h>

#include <string>

#include "core/config/load.h"

namespace thermos::config {
namespace {

Bindings bindings() {
  Bindings b;
  b.task_id = "id-1";
  b.user = "joe";
  b.ports = {{"http", 8080}, {"admin-2", 9}};
  b.environment = {{"greeting", "hello"},
                   {"a.b", "dotted"},
                   {"who", "{{name}}"},
                   {"both", "{{greeting}} {{who}}"},
                   {"literal", "{{&greeting}}"},
                   {"quote", "it's {{ not }} one"},
                   {"final", "bound"}};
  return b;
}

// What the command line of the first process, 'a', becomes.
std::string expand(const std::string& cmdline, const Bindings& b = bindings()) {
  const std::string text = R"({"name": "task", "user": "u", "max_failures": 3,
    "resources": {"cpu": 1.5, "ram": 7}, "constraints": [{"order": ["a", "b"]}],
    "processes": [
      {"name": "a", "cmdline": ")" +
                           cmdline + R"("},
      {"name": "b", "cmdline": "run {{name}} {{processes[0].name}}", "min_duration": 0.25,
       "resources": {"disk": 2}}]})";
  const auto task = load(text, "f", "", b);
  return task.ok() ? task->processes[0].cmdline : task.error().message;
}

TEST(References, AreBoundByTheCommandLine) {
  EXPECT_EQ(expand("{{thermos.ports[http]}}:{{thermos.ports[admin-2]}}"), "8080:9");
  EXPECT_EQ(expand("{{thermos.task_id}} {{thermos.user}}"), "id-1 joe");
  EXPECT_EQ(expand("x{{greeting}}y {{a.b}} {{quote}}"), "xhelloy dotted it's {{ not }} one");
}

TEST(References, LeadIntoTheTask) {
  EXPECT_EQ(expand("{{processes[0].name}} {{processes[1].name}}"), "a b");
  EXPECT_EQ(expand("{{processes[1].cmdline}}"), "run b a");
  EXPECT_EQ(expand("{{constraints[0].order[1]}} {{user}} {{max_concurrency}} "
                   "{{finalization_wait}}"),
            "b u 0 30");
  EXPECT_EQ(expand("{{processes[1].min_duration}} {{processes[1].max_failures}} "
                   "{{processes[1].daemon}} {{processes[1].ephemeral}} {{processes[0].final}}"),
            "0.25 1 false false false");
}

TEST(References, LookInTheProcessBeforeTheTask) {
  EXPECT_EQ(expand("{{name}} {{max_failures}} {{min_duration}}"), "a 1 5");
  // This process has no resources, so the task's are meant.
  EXPECT_EQ(expand("{{resources.cpu}} {{resources.ram}} {{resources.disk}}"), "1.5 7 0");
  EXPECT_EQ(expand("{{processes[1].resources.disk}}"), "2");
}

TEST(References, PreferFieldsToTheCommandLine) {
  EXPECT_EQ(expand("{{final}}"), "false");
  Bindings b;
  b.environment["name"] = "given";
  EXPECT_EQ(expand("{{name}} {{processes[0].name}}", b), "a a");
  // What the task does not have may be bound, whatever it looks like.
  b.environment["processes[7].name"] = "beyond";
  EXPECT_EQ(expand("{{processes[7].name}}", b), "beyond");
  b.environment["thermos.user"] = "never";
  EXPECT_EQ(expand("{{thermos.user}}", b),
            "f:4: processes[0].cmdline: {{thermos.user}} is not bound: give --user USER");
}

TEST(References, SaySelfAndSuper) {
  Bindings b;
  b.environment["max_failures"] = "given";
  EXPECT_EQ(expand("{{self.name}} {{super.name}} {{super.user}} {{self.max_failures}}", b),
            "a task u 1");
  // The outermost goes first.
  EXPECT_EQ(expand("{{super.max_failures}} {{super.super.max_failures}}", b), "given given");
  EXPECT_EQ(expand("{{super.max_failures}}"), "3");
  EXPECT_EQ(expand("{{self.user}}"),
            "f:4: processes[0].cmdline: {{self.user}} is not bound: give -E self.user=VALUE");
  EXPECT_EQ(expand("{{super.super.name}}"),
            "f:4: processes[0].cmdline: {{super.super.name}} is "
            "not bound: give -E super.super.name=VALUE");
}

TEST(References, AreFollowed) {
  EXPECT_EQ(expand("{{both}}"), "hello a");
  EXPECT_EQ(expand("{{literal}}"), "{{greeting}}");
}

// What a text of the task, or of -E, refers to is looked up from where it is used.
TEST(References, AreFollowedFromWhereTheyAreUsed) {
  const auto task = load(
      R"({"name": "t", "user": "{{name}}", "max_concurrency": "{{max_failures}}", "max_failures": 7,
        "processes": [
        {"name": "a", "cmdline": "{{user}} {{max_concurrency}}", "max_failures": 2},
        {"name": "b", "cmdline": "{{user}}", "resources": {"cpu": 1, "ram": 2, "disk": 3}}]})",
      "f", "", bindings());
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->user, "t");
  EXPECT_EQ(task->max_concurrency, 7U);
  EXPECT_EQ(task->processes[0].cmdline, "a 2");
  EXPECT_EQ(task->processes[1].cmdline, "b");
}

// A path leads into another process: what that one can't say itself is looked up from here.
TEST(References, AreFollowedThroughWhatAPathPasses) {
  Bindings b = bindings();
  b.environment["port"] = "{{min_duration}}";
  b.environment["escaped"] = "{{&name}} {{&&name}}";
  b.environment["number"] = "3";
  b.environment["a3"] = "{{name}}";
  const auto task = load(
      R"({"name": "t", "user": "{{processes[1].cmdline}}", "processes": [
        {"name": "a", "cmdline": "{{processes[1].cmdline}} {{processes[2].cmdline}}",
         "min_duration": 9},
        {"name": "b", "cmdline": "{{name}} {{who}}"},
        {"name": "c", "cmdline": "{{port}} {{escaped}} {{a{{number}}}} {{max_failures}} {{self.name}}",
         "max_failures": "{{number}}"}]})",
      "f", "", b);
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->user, "b t");
  EXPECT_EQ(task->processes[0].cmdline, "b a 9 {{name}} {{&name}} a 3 c");
  EXPECT_EQ(task->processes[1].cmdline, "b b");
  EXPECT_EQ(task->processes[2].cmdline, "5 {{name}} {{&name}} c 3 c");
}

TEST(References, StandInEveryText) {
  const auto task = load(
      R"({"name": "{{greeting}}-{{thermos.ports[http]}}", "user": "{{thermos.user}}",
        "constraints": [{"order": ["{{processes[1].name}}", "{{processes[0].name}}"]}],
        "processes": [{"name": "{{greeting}}", "cmdline": "{{processes[1].name}}"},
                      {"name": "{{processes[0].name}}2", "cmdline": "true"}]})",
      "f", "", bindings());
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->name, "hello-8080");
  EXPECT_EQ(task->user, "joe");
  EXPECT_EQ(task->processes[0].cmdline, "hello2");
  EXPECT_EQ(task->constraints[0].order, (std::vector<std::string>{"hello2", "hello"}));
}

TEST(References, GiveAnUnnamedTaskItsFirstProcessesName) {
  const auto task =
      load(R"({"user": "{{name}}", "processes": [{"name": "p{{greeting}}", "cmdline": "true"}]})",
           "f", "", bindings());
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->name, "phello");
  EXPECT_EQ(task->user, "phello");
}

TEST(References, AreEscaped) {
  EXPECT_EQ(expand("{{&greeting}} {{&&greeting}} {{&nothing}}"),
            "{{greeting}} {{&greeting}} {{nothing}}");
  EXPECT_EQ(expand("{{{greeting}}}"), "{hello}");
}

TEST(References, LeaveOtherBracesAlone) {
  const std::string text = "awk '{{ print }}' {{}} ${x} {{a b}} {{.Names}} }} {{";
  EXPECT_EQ(expand(text), text);
}

TEST(References, SayWhereInABinding) {
  Bindings b;
  b.environment["x"] = "{{y}}";
  EXPECT_EQ(expand("{{x}}", b),
            "f:4: processes[0].cmdline: {{y}}, in the value of x, is not bound: give -E y=VALUE");
  b.environment["y"] = "{{x}}";
  EXPECT_EQ(expand("{{x}}", b), "f:4: processes[0].cmdline: endless reference: x -> y -> x");
}

TEST(References, EndABillionLaughs) {
  Bindings b;
  b.environment["l0"] = "ha";
  b.environment["e0"] = "";
  for (int i = 1; i <= 60; ++i) {
    for (const std::string letter : {"l", "e"}) {
      const std::string below = "{{" + letter + std::to_string(i - 1) + "}}";
      b.environment[letter + std::to_string(i)] = below + below;
    }
  }
  EXPECT_EQ(expand("{{l60}}", b), "f:4: processes[0].cmdline: expands to more than 131071 bytes");
  // Nothing, two to the sixtieth times over.
  EXPECT_EQ(expand("x{{e60}}", b), "x");
}

TEST(References, AreFollowedAHundredDeepAndNotFurther) {
  Bindings b;
  b.environment["v0"] = "end";
  for (int i = 1; i <= 200; ++i) {
    b.environment["v" + std::to_string(i)] = "{{v" + std::to_string(i - 1) + "}}";
  }
  EXPECT_EQ(expand("{{v98}}", b), "end");
  EXPECT_EQ(expand("{{v99}}", b),
            "f:4: processes[0].cmdline: references lead to references more than 100 deep");
}

TEST(References, RefuseWhatIsNoUtf8) {
  Bindings b;
  b.environment["x"] = "a\xff";
  EXPECT_EQ(expand("{{x}}", b),
            "the value of -E 'x' is not UTF-8: a task's texts hold nothing else");
  b = {};
  b.user = "\xff";
  EXPECT_EQ(expand("true", b),
            "the user's name '\\xff' is not UTF-8: a task's texts hold nothing else");
}

TEST(References, AreCheckedOnceBound) {
  Bindings b;
  b.environment["x"] = "a/b";
  const auto task =
      load("{\"processes\": [\n{\"name\": \"{{x}}\", \"cmdline\": \"true\"}]}", "f", "", b);
  ASSERT_FALSE(task.ok());
  EXPECT_EQ(task.error().message, "f:2: processes[0].name: 'a/b': a name can't hold '/'");
}

}  // namespace
}  // namespace thermos::config
