// YAML is read as the same tasks as JSON.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/to_json.h"

namespace thermos::config {
namespace {

Result<TaskConfig> load_text(const std::string& text, const std::string& name = "") {
  Bindings bindings;
  bindings.task_id = "the-id";
  bindings.user = "joe";
  bindings.ports = {{"http", 8080}};
  bindings.environment = {{"retries", "3"}, {"a.b[0]", "dotted"}, {"often", "true"}};
  return load(text, "f", name, bindings);
}

TaskConfig good(const std::string& text, const std::string& name = "") {
  auto task = load_text(text, name);
  EXPECT_TRUE(task.ok()) << task.error().message;
  return task.ok() ? *task : TaskConfig();
}

TEST(Yaml, IsReadAsJsonIs) {
  const TaskConfig yaml = good(R"(
# A comment.
name: nightly
max_concurrency: 4
user: joe
finalization_wait: 2.5
resources: {cpu: 1.5, ram: 0x400, disk: 1e3}
processes:
  - name: fetch          # another
    cmdline: curl localhost:{{thermos.ports[http]}}
    max_failures: 0
    min_duration: 10
  - name: "sum"
    cmdline: |
      set -e
      awk '{ s += $1 } END { print s }' numbers
    ephemeral: false
  - {name: 'it''s', cmdline: "a\tb \u00e9", daemon: true, ephemeral: True, final: FALSE}
constraints:
  - order: [fetch, sum]
)");
  const TaskConfig json = good(R"({
    "name": "nightly", "max_concurrency": 4, "user": "joe", "finalization_wait": 2.5,
    "resources": {"cpu": 1.5, "ram": 1024, "disk": 1000},
    "processes": [
      {"name": "fetch", "cmdline": "curl localhost:{{thermos.ports[http]}}", "max_failures": 0,
       "min_duration": 10},
      {"name": "sum", "cmdline": "set -e\nawk '{ s += $1 } END { print s }' numbers\n"},
      {"name": "it's", "cmdline": "a\tb \u00e9", "daemon": true, "ephemeral": true}],
    "constraints": [{"order": ["fetch", "sum"]}]})");
  EXPECT_EQ(first_difference(json, yaml), "");
  EXPECT_EQ(json, yaml);
}

TEST(Yaml, KeepsEveryByteOfABlock) {
  const TaskConfig task = good(
      "processes:\n- name: a\n  cmdline: |\n    cat <<E\n    \ttab: {{&x}} # no comment\n"
      "      indented\n\n    E\n- name: b\n  cmdline: >-\n    one\n    line\n- name: c\n"
      "  cmdline: |2+\n     led by a blank\n\n");
  EXPECT_EQ(task.processes[0].cmdline, "cat <<E\n\ttab: {{x}} # no comment\n  indented\n\nE\n");
  EXPECT_EQ(task.processes[1].cmdline, "one line");
  EXPECT_EQ(task.processes[2].cmdline, " led by a blank\n\n");
}

TEST(Yaml, CopiesAliasesAndMerges) {
  const TaskConfig task = good(R"(
processes:
- &base
  name: a
  cmdline: &command "true"
  max_failures: 3
  resources: &few {cpu: 1}
- <<: *base
  name: b
- name: c
  cmdline: *command
  <<: [{max_failures: 5}, *base]
constraints: []
resources: *few
)");
  EXPECT_EQ(task.processes[1].name, "b");
  EXPECT_EQ(task.processes[1].cmdline, "true");
  EXPECT_EQ(task.processes[1].max_failures, 3U);
  EXPECT_EQ(task.processes[2].name, "c");
  EXPECT_EQ(task.processes[2].max_failures, 5U);
  EXPECT_EQ(task.processes[2].resources->cpu, 1);
  EXPECT_EQ(task.resources->cpu, 1);
}

TEST(Yaml, AnchorsMayNameKeysAndBeNamedAgain) {
  const TaskConfig task = good(
      "processes:\n- &x {&k name: a, cmdline: one}\n- {*k : b, cmdline: two}\n"
      "- &x {name: c, cmdline: three}\n- {<<: *x, name: d}\n");
  EXPECT_EQ(task.processes[1].name, "b");
  EXPECT_EQ(task.processes[3].cmdline, "three");
}

TEST(Yaml, HoldsSeveralTasks) {
  const std::string x = "name: x\nprocesses: [{name: p, cmdline: 'one'}]\n";
  const std::string y = "name: y\nprocesses: [{name: p, cmdline: 'two'}]\n";
  for (const std::string& text :
       {"---\n" + x + "---\n" + y, x + "...\n# and\n" + y,
        "---\n---\n" + x + "--- # 2\n" + y + "...\n",
        std::string("tasks:\n- name: x\n  processes: [{name: p, cmdline: one}]\n"
                    "- {name: y, processes: [{name: p, cmdline: two}]}\n"),
        std::string("- name: x\n  processes: [{name: p, cmdline: one}]\n"
                    "- name: y\n  processes: [{name: p, cmdline: two}]\n")}) {
    EXPECT_EQ(good(text, "x").processes[0].cmdline, "one") << text;
    EXPECT_EQ(good(text, "y").processes[0].cmdline, "two") << text;
    EXPECT_EQ(load_text(text).error().message, "f: holds 2 tasks: name one with --task: 'x', 'y'");
  }
}

TEST(Yaml, IsToldFromJsonByContent) {
  const std::string json = R"({"processes": [{"name": "a", "cmdline": "\/x \ud83d\ude00"}]})";
  for (const char* where : {"f", "f.yaml", "f.json"}) {
    const auto task = load(json, where, "", {});
    ASSERT_TRUE(task.ok()) << task.error().message;
    EXPECT_EQ(task->processes[0].cmdline, "/x \xf0\x9f\x98\x80");
  }
  const std::string block = "processes: [{name: a, cmdline: b}]";
  EXPECT_TRUE(load(block, "f.json", "", {}).ok());
  EXPECT_TRUE(load("{" + block + "}", "f.json", "", {}).ok());
  EXPECT_FALSE(load_bound(block, "f").ok());
  // What only YAML allows, in a text that begins like JSON.
  const std::string comma = R"({"processes": [{"name": "a", "cmdline": "b"},]} # c)";
  EXPECT_TRUE(load(comma, "f.yaml", "", {}).ok());
  EXPECT_EQ(load(comma, "f.JSON", "", {}).error().message,
            "f.JSON:1:46: not valid JSON: syntax error while parsing value - unexpected ']'; "
            "expected '[', '{', or a literal");
  EXPECT_FALSE(load_bound(comma, "f").ok());
}

TEST(Yaml, ReadsNumbersAsYaml12Does) {
  const auto wait = [](const std::string& number) {
    return good("processes: [{name: a, cmdline: b}]\nfinalization_wait: " + number)
        .finalization_wait;
  };
  EXPECT_EQ(wait("7"), 7 * kSecond);
  EXPECT_EQ(wait("+7"), 7 * kSecond);
  EXPECT_EQ(wait("0o17"), 15 * kSecond);
  EXPECT_EQ(wait("0x1f"), 31 * kSecond);
  EXPECT_EQ(wait(".5"), kSecond / 2);
  EXPECT_EQ(wait("5."), 5 * kSecond);
  EXPECT_EQ(wait("1.5e1"), 15 * kSecond);
  EXPECT_EQ(wait("-0"), 0);
  EXPECT_EQ(wait("1e-999"), 0);
  EXPECT_EQ(wait("!!int '8'"), 8 * kSecond);
  EXPECT_EQ(wait("!!float 8"), 8 * kSecond);
}

TEST(Yaml, OldBooleansAreTexts) {
  const TaskConfig task =
      good("processes:\n- {name: yes, cmdline: off}\n- {name: n, cmdline: y}\n");
  EXPECT_EQ(task.processes[0].name, "yes");
  EXPECT_EQ(task.processes[0].cmdline, "off");
}

TEST(Yaml, TakesAByteOrderMarkAndWindowsLines) {
  const TaskConfig task =
      good("\xef\xbb\xbfprocesses:\r\n- name: a\r\n  cmdline: |\r\n    x\r\n    y\r\n");
  EXPECT_EQ(task.processes[0].name, "a");
}

TEST(Yaml, TellsATasksName) {
  EXPECT_EQ(*task_name_of("processes:\n- name: p\n  cmdline: '{{unbound}}'\n", "f", "", {}), "p");
}

TEST(References, MakeNumbersAndBooleans) {
  for (const std::string& text :
       {std::string("processes:\n- name: '{{a.b[0]}}'\n  cmdline: x {{max_failures}} "
                    "{{min_duration}}\n  max_failures: '{{retries}}'\n  daemon: '{{often}}'\n"
                    "  min_duration: '{{max_failures}}.5'\nmax_failures: '{{max_concurrency}}'\n"
                    "max_concurrency: 7\nresources: {ram: '{{max_concurrency}}00'}\n"),
        std::string(R"({"processes": [{"name": "{{a.b[0]}}", "cmdline": "x {{max_failures}} )"
                    R"({{min_duration}}", "max_failures": "{{retries}}", "daemon": "{{often}}",)"
                    R"( "min_duration": "{{max_failures}}.5"}], "max_failures":)"
                    R"( "{{max_concurrency}}", "max_concurrency": 7,)"
                    R"( "resources": {"ram": "{{max_concurrency}}00"}})")}) {
    const TaskConfig task = good(text);
    EXPECT_EQ(task.processes[0].name, "dotted");
    EXPECT_EQ(task.processes[0].max_failures, 3U);
    EXPECT_EQ(task.processes[0].min_duration, 3 * kSecond + kSecond / 2);
    EXPECT_EQ(task.processes[0].cmdline, "x 3 3.5");
    EXPECT_TRUE(task.processes[0].daemon);
    EXPECT_EQ(task.max_failures, 7U);
    EXPECT_EQ(task.resources->ram, 700);
  }
}

TEST(Yaml, TakesManyProcesses) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int kMany = 2'000;
#else
  constexpr int kMany = 20'000;
#endif
  std::string text = "processes:\n- &first {name: p0, cmdline: 'true', max_failures: 2}\n";
  std::string order = "constraints:\n- order:\n  - p0\n";
  for (int i = 1; i < kMany; ++i) {
    text += "- <<: *first\n  name: p" + std::to_string(i) + "\n";
    order += "  - p" + std::to_string(i) + "\n";
  }
  const TaskConfig task = good(text + order);
  ASSERT_EQ(task.processes.size(), std::size_t{kMany});
  EXPECT_EQ(task.processes.back().max_failures, 2U);
  EXPECT_EQ(task.constraints[0].order.size(), std::size_t{kMany});
}

// Where something stands on a line costs no more the longer the line is.
TEST(Yaml, TakesManyProcessesOnOneLine) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int kMany = 5'000;
#else
  constexpr int kMany = 50'000;
#endif
  std::string text = "{processes: [{name: p0, cmdline: ö}";
  for (int i = 1; i < kMany; ++i) text += ", {name: p" + std::to_string(i) + ", cmdline: ö}";
  const TaskConfig task = good(text + "]}");
  EXPECT_EQ(task.processes.size(), std::size_t{kMany});
  text += ", {name: q, nam: ";
  const auto wrong = load(text + "z}]}", "f", "", {});
  ASSERT_FALSE(wrong.ok());
  const std::size_t characters = text.size() - kMany;  // an ö takes two bytes
  EXPECT_TRUE(wrong.error().message.starts_with("f:1:" + std::to_string(characters + 1) + ": "))
      << wrong.error().message << " is not at " << characters + 1;
}

// Writes a JSON value as block YAML, every text in double quotes.
std::string as_yaml(const nlohmann::json& value, const std::string& indent) {
  if (value.is_object() && !value.empty()) {
    std::string text;
    for (const auto& [key, inner] : value.items()) {
      text += "\n" + indent + key + ": " + as_yaml(inner, indent + "  ");
    }
    return text;
  }
  if (value.is_array() && !value.empty()) {
    std::string text;
    for (const auto& inner : value) text += "\n" + indent + "- " + as_yaml(inner, indent + "  ");
    return text;
  }
  return value.dump();
}

TEST(Yaml, HoldsTheExamples) {
  Bindings bindings;
  bindings.ports["http"] = 8080;
  bindings.user = "joe";
  bindings.task_id = "id";
  bindings.environment["mode"] = "test";
  int tasks = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(THERMOS_SOURCE "/reactor/examples")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string json{std::istreambuf_iterator<char>(file), {}};
    const std::string yaml = as_yaml(nlohmann::json::parse(json), "") + "\n";
    std::vector<std::string> names = {""};
    if (entry.path().stem() == "templates") names = {"greet", "listen"};
    for (const std::string& name : names) {
      const auto expected = load(json, "f", name, bindings);
      const auto read = load(yaml, "f", name, bindings);
      ASSERT_TRUE(expected.ok()) << expected.error().message;
      ASSERT_TRUE(read.ok()) << read.error().message << yaml;
      EXPECT_EQ(first_difference(*expected, *read), "") << entry.path();
      ++tasks;
    }
  }
  EXPECT_GE(tasks, 5);
}

TEST(Yaml, HoldsWhateverJsonDoes) {
  TaskConfig task;
  task.name = "every 'kind' of: #text";
  for (const char* cmdline :
       {"a: b", "- x",      "# no", "'", "\"", "\\",     "a\nb\n\n",
        " led", "trailed ", "yes",  "~", "1",  "{{&x}}", "\xf0\x9f\x98\x80 \xc3\xa9",
        "%",    "@",        "`",    "|", ">",  "*a",     "&a",
        "!a",   "?",        "a\tb", "\t"}) {
    task.processes.emplace_back();
    task.processes.back().name = "p" + std::to_string(task.processes.size());
    task.processes.back().cmdline = cmdline;
  }
  const std::string json = to_json(task, 2);
  const std::string yaml = as_yaml(nlohmann::json::parse(json), "") + "\n";
  EXPECT_EQ(first_difference(task, good(json)), "");
  EXPECT_EQ(first_difference(task, good(yaml)), "") << yaml;
}

}  // namespace
}  // namespace thermos::config
