#include "core/config/load.h"
#include "core/config/difference.h"
#include "core/config/to_json.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos::config {
namespace {

// The sanitizers make everything ten times slower, and find in a tenth what they would in all.
#ifdef __SANITIZE_ADDRESS__
constexpr int kMany = 10'000;
#else
constexpr int kMany = 100'000;
#endif

Result<TaskConfig> load_task(const std::string& text, const std::string& name = "") {
  return config::load(text, "f", name, {});
}

TEST(Load, FillsInDefaults) {
  const auto task = load_task(R"({"processes": [{"name": "a", "cmdline": "true"}]})");
  ASSERT_TRUE(task.ok()) << task.error().message;
  TaskConfig expected;
  expected.name = "a";
  expected.processes.resize(1);
  expected.processes[0].name = "a";
  expected.processes[0].cmdline = "true";
  EXPECT_EQ(*task, expected);
  EXPECT_EQ(task->max_failures, 1u);
  EXPECT_EQ(task->max_concurrency, 0u);
  EXPECT_EQ(task->finalization_wait, 30 * kSecond);
  EXPECT_EQ(task->user, "");
  EXPECT_FALSE(task->resources);
  EXPECT_EQ(task->processes[0].max_failures, 1u);
  EXPECT_EQ(task->processes[0].min_duration, 5 * kSecond);
  EXPECT_FALSE(task->processes[0].daemon || task->processes[0].ephemeral ||
               task->processes[0].final);
}

TEST(Load, ReadsEveryField) {
  const auto task = load_task(
      "\xef\xbb\xbf"
      R"({
    "user": "joe", "max_failures": 0, "max_concurrency": 4294967295, "finalization_wait": 0.5,
    "resources": {"cpu": 0.25, "ram": 9223372036854775807, "disk": 1e9},
    "constraints": [{"order": ["b", "ä"]}], "keep_going": true, "pools": {"gpu": 2, "disk": 0},
    "processes": [
      {"name": "ä", "cmdline": "say \"ü\"\n", "needs": {"b": "start"}, "uses": {"gpu": 1},
       "max_failures": 5.0, "daemon": true,
       "ephemeral": true, "min_duration": 0.000001, "resources": {}},
      {"name": "b", "cmdline": "true", "ephemeral": true, "min_duration": 1000000000},
      {"name": "c", "cmdline": "true", "final": true, "min_duration": 0, "daemon": false}],
    "name": "all"})");
  ASSERT_TRUE(task.ok()) << task.error().message;
  TaskConfig expected;
  expected.name = "all";
  expected.user = "joe";
  expected.max_failures = 0;
  expected.max_concurrency = 4294967295;
  expected.finalization_wait = 500'000;
  expected.resources = Resources{0.25, 9223372036854775807, 1'000'000'000};
  expected.constraints = {{{"b", "ä"}}};
  expected.keep_going = true;
  expected.pools.entries = {{"gpu", 2}, {"disk", 0}};
  expected.processes.resize(3);
  ProcessConfig& a = expected.processes[0];
  a.name = "ä";
  a.cmdline = "say \"ü\"\n";
  a.needs.entries = {{"b", Condition::Start}};
  a.uses.entries = {{"gpu", 1}};
  a.max_failures = 5;
  a.daemon = true;
  a.ephemeral = true;
  a.min_duration = 1;
  a.resources = Resources{};
  ProcessConfig& b = expected.processes[1];
  b.name = "b";
  b.cmdline = "true";
  b.ephemeral = true;
  b.min_duration = 1'000'000'000 * kSecond;
  ProcessConfig& c = expected.processes[2];
  c.name = "c";
  c.cmdline = "true";
  c.final = true;
  c.min_duration = 0;
  EXPECT_EQ(*task, expected);
}

TEST(Load, ReadsLimitsAndWaits) {
  const auto task = load_task(R"({
    "backoff": {"factor": 1.5},
    "processes": [
      {"name": "a", "cmdline": "x {{timeout}} {{backoff.most}}", "timeout": 0.25, "backoff": {}},
      {"name": "b", "cmdline": "x",
       "backoff": {"first": 5, "factor": 1, "most": 5, "reset": 60}},
      {"name": "c", "cmdline": "x"}]})");
  ASSERT_TRUE(task.ok()) << task.error().message;
  const Backoff of_task{kSecond, 1.5, 300 * kSecond, std::nullopt};
  const Backoff of_b{5 * kSecond, 1, 5 * kSecond, 60 * kSecond};
  EXPECT_EQ(task->backoff, of_task);
  EXPECT_EQ(task->processes[0].timeout, kSecond / 4);
  EXPECT_EQ(task->processes[0].backoff, Backoff{});
  EXPECT_EQ(task->processes[0].cmdline, "x 0.25 300");
  EXPECT_EQ(task->processes[1].backoff, of_b);
  EXPECT_FALSE(task->processes[2].backoff);
  EXPECT_EQ(task->processes[2].timeout, std::nullopt);
}

const char* const kThree = R"([
  {"name": "one", "processes": [{"name": "a", "cmdline": "true"}]},
  {"processes": [{"name": "two", "cmdline": "true"}]},
  {"name": "broken", "wrong": 1}])";

TEST(Load, ReadsWhatIsSaidOfALaunch) {
  const std::string text = R"(
env: {BASE: "{{thermos.user}}", "IN_{{processes[0].name}}": x}
cwd: work
processes:
- name: web
  argv: [serve, "--port={{thermos.ports[http]}}", ""]
  env:
    PATH: /bin
    AS: "{{env.PATH}} {{name}} {{stop_signal}}"
  cwd: "run/{{name}}"
  stdin: in.txt
  success_codes: [0, 143]
  stop_signal: SIGINT
  stop_wait: 2.5
- {name: db, cmdline: "echo {{processes[0].env.AS}} {{cwd}} {{self.stop_signal}}",
   stop_signal: "{{which}}"}
- {name: rt, cmdline: x, stop_signal: 9}
)";
  Bindings bindings;
  bindings.user = "joe";
  bindings.ports["http"] = 80;
  bindings.environment["which"] = "rtmin+3";
  const auto task = config::load(text, "f", "", bindings);
  ASSERT_TRUE(task.ok()) << task.error().message;
  using Entries = decltype(task->env.entries);
  EXPECT_EQ(task->env.entries, (Entries{{"BASE", "joe"}, {"IN_web", "x"}}));
  EXPECT_EQ(task->cwd, "work");
  const ProcessConfig& web = task->processes[0];
  EXPECT_EQ(web.cmdline, "");
  EXPECT_EQ(web.argv, (std::vector<std::string>{"serve", "--port=80", ""}));
  EXPECT_EQ(web.env.entries, (Entries{{"PATH", "/bin"}, {"AS", "/bin web INT"}}));
  EXPECT_EQ(web.cwd, "run/web");
  EXPECT_EQ(web.input, "in.txt");
  EXPECT_EQ(web.success_codes, (std::vector<std::uint32_t>{0, 143}));
  EXPECT_EQ(web.stop_signal.number, 2);
  EXPECT_EQ(web.stop_wait, 2'500'000);
  EXPECT_EQ(task->processes[1].cmdline, "echo /bin web INT work rtmin+3");
  EXPECT_EQ(task->processes[1].stop_signal.number, 37);
  EXPECT_EQ(task->processes[2].stop_signal.number, 9);
  EXPECT_EQ(task->processes[2].success_codes, (std::vector<std::uint32_t>{0}));
  EXPECT_FALSE(task->processes[2].stop_wait);
}

TEST(Load, PicksATaskByName) {
  for (const std::string& text :
       {std::string(kThree), "{\"tasks\": " + std::string(kThree) + "}"}) {
    EXPECT_EQ(load_task(text, "one")->processes[0].name, "a");
    EXPECT_EQ(load_task(text, "two")->name, "two");
    EXPECT_EQ(load_task(text, "broken").error().code, ErrorCode::BadConfig);
    const auto none = load_task(text);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::Usage);
    EXPECT_EQ(none.error().message,
              "f: holds 3 tasks: name one with --task: 'one', 'two', 'broken'");
    const auto unknown = load_task(text, "deploy");
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);
    EXPECT_EQ(unknown.error().message, "f: holds no task 'deploy': it has 'one', 'two', 'broken'");
    EXPECT_EQ(load_task(text, "tow").error().message,
              "f: holds no task 'tow', did you mean 'two'?");
  }
}

TEST(Load, TakesTheOnlyTaskUnnamedButNotByAnotherName) {
  const std::string text = R"([{"processes": [{"name": "a", "cmdline": "true"}]}])";
  EXPECT_EQ(load_task(text)->name, "a");
  EXPECT_EQ(load_task(text, "a")->name, "a");
  EXPECT_EQ(load_task(text, "bcd").error().code, ErrorCode::NotFound);
}

TEST(Load, RefusesTwoTasksOfTheNamePicked) {
  const auto task = load_task("[{\"name\": \"a\"},\n{\"name\": \"a\"}]", "a");
  ASSERT_FALSE(task.ok());
  EXPECT_EQ(task.error().message, "f:2: [1]: is a second task named 'a'");
}

TEST(Load, PicksByTheBoundName) {
  const std::string text = R"([{"name": "x", "processes": [{"name": "a", "cmdline": "true"}]},
    {"name": "{{env}}-{{processes[0].name}}", "processes": [{"name": "p", "cmdline": "{{name}}"}]}])";
  Bindings bindings;
  bindings.environment["env"] = "prod";
  const auto task = config::load(text, "f", "prod-p", bindings);
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->name, "prod-p");
  EXPECT_EQ(*task_name_of(text, "f", "prod-p", bindings), "prod-p");
}

TEST(Load, TellsATasksName) {
  const auto name = [](const std::string& text) { return task_name_of(text, "f", "", {}); };
  EXPECT_EQ(*name(R"({"name": "n", "processes": []})"), "n");
  EXPECT_EQ(*name(R"({"processes": [{"name": "p", "cmdline": "{{unbound}}"}]})"), "p");
  EXPECT_EQ(*name(R"({"name": "x{{&y}}", "processes": [{"name": "p", "cmdline": "c"}]})"),
            "x{{y}}");
  EXPECT_EQ(*name(R"({"name": "x{{thermos.task_id}}", "processes": [{"name": "p",
    "cmdline": "c"}]})"),
            "x{{thermos.task_id}}");
  EXPECT_EQ(name("{").error().code, ErrorCode::BadConfig);
  EXPECT_EQ(name("{}").error().message,
            "f:1: 'processes' is missing: a task needs at least one process");
  EXPECT_EQ(name(R"({"name": 3, "processes": []})").error().message,
            "f:1: name: must be a string, not a number");
  EXPECT_EQ(name(R"({"name": "", "processes": [{"name": "p", "cmdline": "c"}]})").error().message,
            "f:1: name: a name can't be empty");
  EXPECT_EQ(task_name_of(kThree, "f", "", {}).error().code, ErrorCode::Usage);
  EXPECT_EQ(*task_name_of(kThree, "f", "two", {}), "two");
}

TEST(Load, FindsTheLinesOfALongFile) {
  std::string text = "{\"processes\": [\r\n";
  for (int i = 1; i <= 1000; ++i) {
    text += "  {\"name\": \"p" + std::to_string(i) +
            "\", \"cmdline\": \"true\",\n   \"min_duration\": ";
    text += i == 700 ? "-1\n}" : "1\n}";
    text += i == 1000 ? "]}" : ",\n";
  }
  // Two lines down from the first, three a process, and the number is on its second.
  EXPECT_EQ(load_task(text).error().message,
            "f:2100: processes[699].min_duration: -1 is out of range: 0 to 1000000000 seconds");
}

TEST(Load, TakesManyProcesses) {
  std::string processes;
  std::string order;
  for (int i = 0; i < kMany; ++i) {
    const std::string name = "\"p" + std::to_string(i) + "\"";
    if (i > 0) {
      processes += ",";
      order += ",";
    }
    processes.append("{\"name\":").append(name);
    processes.append(R"(,"cmdline":"echo {{name}} {{processes[0].name}}"})");
    order += name;
  }
  const auto task = load_task(R"({"name": "many", "processes": [)" + processes +
                              R"(], "constraints": [{"order": [)" + order + "]}]}");
  ASSERT_TRUE(task.ok()) << task.error().message;
  ASSERT_EQ(task->processes.size(), std::size_t{kMany});
  EXPECT_EQ(task->processes.back().cmdline, "echo p" + std::to_string(kMany - 1) + " p0");
  const auto again = load_task(to_json(*task, -1));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(first_difference(*task, *again), "");
}

}  // namespace
}  // namespace thermos::config
