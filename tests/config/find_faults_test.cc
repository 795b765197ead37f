// The dry run: every fault at once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/config/load.h"
#include "keys.h"

namespace thermos::config {
namespace {

using Lines = std::vector<std::string>;

Lines faults(const std::string& text) {
  Lines lines;
  for (const Error& error : find_faults(text, "f", "", {})) lines.push_back(error.message);
  return lines;
}

TEST(FindFaults, FindsThemInEveryCheck) {
  EXPECT_EQ(faults(R"(name: t
max_failures: -1
colour: red
processes:
- name: a
  cmdline: echo {{x}}
  daemon: yes
- name: b
  cmdlin: true
- name: c
  cmdline: echo {{y}} {{x}} {{y}}
  max_failures: '{{cmdline}}'
- cmdline: d
  name: .d
constraints:
- order: [a, b]
)"),
            (Lines{"f:3:9: unknown key 'colour': a task has " + task_keys(),
                   "f:2:15: max_failures: -1 is out of range: 0 to 4294967295",
                   "f:7:11: processes[0].daemon: must be true or false, not a string: 'yes' is no "
                   "boolean in YAML 1.2",
                   "f:9:11: processes[1]: unknown key 'cmdlin', did you mean 'cmdline'?",
                   "f:6:12: processes[0].cmdline: {{x}} is not bound: give -E x=VALUE",
                   "f:11:12: processes[2].cmdline: {{y}} is not bound: give -E y=VALUE",
                   "f:11:12: processes[2].cmdline: {{x}} is not bound: give -E x=VALUE",
                   "f:14:9: processes[3].name: '.d': a name can't begin with '.'"}));
}

TEST(FindFaults, LooksForNoNameWhereThereIsNone) {
  EXPECT_EQ(
      faults("max_failures: '{{name}}'\n"),
      (Lines{"f:1:1: 'processes' is missing: a task needs at least one process",
             "f:1:15: max_failures: {{name}} does not exist: the task has neither a name nor a "
             "process"}));
}

TEST(FindFaults, FindsThemInOrders) {
  EXPECT_EQ(faults(R"({"processes": [{"name": "a", "cmdline": "x"}, {"name": "b", "cmdline": ""},
{"name": "c", "cmdline": "{{z}}"}],
"constraints": [{"order": ["a", "bb"]},
{"order": ["a", "b", "a"]},
{"order": ["a", 1, "d"]}]})"),
            (Lines{"f:5: constraints[2].order[1]: must be a string, not a number",
                   "f:2: processes[2].cmdline: {{z}} is not bound: give -E z=VALUE",
                   "f:1: processes[1].cmdline: is empty",
                   "f:3: constraints[0].order[1]: there is no process 'bb', did you mean 'b'?",
                   "f:5: constraints[2].order[2]: there is no process 'd'",
                   "f:4: constraints[1].order: a cycle: a -> b -> a"}));
}

// What stands for a missing value is not complained of.
TEST(FindFaults, SaysNothingTwice) {
  EXPECT_EQ(faults(R"({"processes": [{}]})"),
            (Lines{"f:1: processes[0]: 'name' is missing",
                   "f:1: processes[0]: 'cmdline' is missing: it or 'argv' says what is run"}));
  EXPECT_EQ(faults(R"({"processes": [3, {"name": "a", "cmdline": "x"}],
"constraints": [{"order": ["a", "b"]}]})"),
            (Lines{"f:1: processes[0]: a process is an object, not a number"}));
  EXPECT_EQ(faults(R"({"processes": []})"),
            (Lines{"f:1: processes: is empty: a task needs at least one process"}));
  EXPECT_EQ(faults("{}"),
            (Lines{"f:1: 'processes' is missing: a task needs at least one process"}));
  EXPECT_EQ(faults(R"({"processes": [{"name": "{{x}}", "cmdline": "{{name}}"}],
"constraints": [{"order": ["a"]}]})"),
            (Lines{"f:1: processes[0].name: {{x}} is not bound: give -E x=VALUE"}));
  EXPECT_EQ(faults(R"({"processes": [{"name": "{{cmdline}}", "cmdline": "{{name}}"}]})").size(),
            1U);
}

TEST(FindFaults, IsAsTheLoaderSays) {
  for (const std::string& text :
       {std::string("{"), std::string(""), std::string("[]"), std::string("a: ["),
        std::string("[{}, {}]"), std::string(R"({"processes": [{"name": "", "cmdline": "x"}]})")}) {
    ASSERT_EQ(faults(text).size(), 1U) << text;
    EXPECT_EQ(faults(text).front(), load(text, "f", "", {}).error().message);
  }
  EXPECT_TRUE(faults(R"({"processes": [{"name": "a", "cmdline": "x"}]})").empty());
}

TEST(FindFaults, StopsSomewhere) {
  std::string text = "processes:\n";
  for (int i = 0; i < 3000; ++i) text += "- {name: p" + std::to_string(i) + ", cmdline: 1}\n";
  EXPECT_EQ(faults(text).size(), kMaxFaults);
}

}  // namespace
}  // namespace thermos::config
