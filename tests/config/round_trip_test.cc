// What to_json() writes, load_bound() reads back as the same task.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/to_json.h"

namespace thermos::config {
namespace {

// The sanitizers make everything ten times slower, and find in a tenth what they would in all.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 300;
#else
constexpr std::uint64_t kSeeds = 3000;
#endif

using Random = std::mt19937_64;

std::string text(Random& random, std::span<const std::string_view> pieces, std::size_t most) {
  std::string out;
  for (std::size_t n = 1 + random() % most; n > 0; --n) out += pieces[random() % pieces.size()];
  return out;
}

// Mostly what references are made of, so that near misses are frequent.
constexpr std::array<std::string_view, 16> kBraces = {"{", "{", "{{", "}",   "}",    "}}",
                                                      "&", "x", ".",  "[0]", "name", "thermos.user",
                                                      " ", "-", "é",  "9"};
constexpr std::array<std::string_view, 8> kAwkward = {
    "\n", "\"", "\\", "\x01", "\t", "\x7f", "\xf0\x9f\x9a\x80", "</script>"};

std::string name(Random& random) {
  return "n" + text(random, kBraces, 12);
}

std::optional<Resources> resources(Random& random) {
  if (random() % 2 == 0) return std::nullopt;
  constexpr std::array<double, 6> kCpu = {0, 1, 0.1, 1e-7, 999999.999, 1e6};
  return Resources{kCpu[random() % kCpu.size()], static_cast<std::int64_t>(random() >> 1),
                   static_cast<std::int64_t>(random() % 1000)};
}

Microseconds duration(Random& random) {
  switch (random() % 3) {
    case 0:
      return static_cast<Microseconds>(random() % 100) * kSecond;
    case 1:
      return static_cast<Microseconds>(random() % 10'000'000);
    default:
      return static_cast<Microseconds>(random() % (1'000'000'000 * kSecond + 1));
  }
}

Named<std::string> env(Random& random) {
  Named<std::string> env;
  for (std::uint64_t n = random() % 3; n > 0; --n) {
    env.entries.emplace_back(std::to_string(n) + name(random), text(random, kAwkward, 3));
  }
  return env;
}

Boxed<Backoff> backoff(Random& random) {
  if (random() % 2 == 0) return {};
  Backoff backoff;
  backoff.first = 1 + duration(random) / 4;
  backoff.factor = 1 + static_cast<double>(random() % 1000) / 7;
  backoff.most = 2 * backoff.first;
  if (random() % 2 == 0) backoff.reset = 1 + duration(random) / 2;
  return backoff;
}

TaskConfig random_task(Random& random) {
  TaskConfig task;
  task.name = name(random);
  const std::size_t count = 1 + random() % 5;
  for (std::size_t i = 0; i < count; ++i) {
    ProcessConfig process;
    process.name = std::to_string(i) + name(random);
    process.cmdline =
        text(random, kBraces, 30) + text(random, kAwkward, 6) + text(random, kBraces, 9);
    process.max_failures = static_cast<std::uint32_t>(random());
    process.daemon = i + 1 == count && random() % 2 == 0;
    process.ephemeral = i + 1 == count && random() % 2 == 0;
    process.min_duration = duration(random);
    process.backoff = backoff(random);
    process.max_kills = static_cast<std::uint32_t>(random() % 3);
    if (random() % 2 == 0) process.timeout = 1 + duration(random) / 2;
    process.resources = resources(random);
    if (random() % 2 == 0) {
      process.argv = {name(random), "", text(random, kAwkward, 3)};
      process.cmdline.clear();
    }
    process.env = env(random);
    if (random() % 2 == 0) process.cwd = text(random, kBraces, 5);
    if (random() % 2 == 0) process.input = name(random);
    if (random() % 2 == 0) process.outputs = {name(random), name(random)};
    if (random() % 2 == 0) process.needs_files = {"in/" + name(random), "in"};
    if (random() % 2 == 0) process.makes_files = {process.name + ".made"};
    if (random() % 2 == 0) process.success_codes = {static_cast<std::uint32_t>(random() % 256), 0};
    process.stop_signal.number = static_cast<std::uint8_t>(1 + random() % kLastSignal);
    if (random() % 2 == 0) process.stop_wait = duration(random);
    if (random() % 2 == 0) {
      process.ready.emplace().file = "x" + text(random, kBraces, 5);
      process.ready->within = duration(random);
    }
    if (random() % 4 == 0) {
      process.ready.emplace().notify = true;
      process.notify = true;
      process.time = duration(random);
      process.on_yield.emplace().wait = duration(random);
      process.on_yield->signal =
          SignalNumber{static_cast<std::uint8_t>(1 + random() % kLastSignal)};
      process.watchdog = kSecond / 10 + duration(random);
    }
    if (random() % 2 == 0) {
      process.healthy.emplace().cmd = "x" + text(random, kBraces, 5);
      process.healthy->failures = 1 + static_cast<std::uint32_t>(random() % 9);
    }
    task.processes.push_back(process);
  }
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (random() % 2 == 0) {
      task.constraints.push_back({{task.processes[i].name, task.processes[i + 1].name}});
    }
  }
  task.resources = resources(random);
  task.max_failures = static_cast<std::uint32_t>(random() % 3);
  task.max_concurrency = static_cast<std::uint32_t>(random());
  task.finalization_wait = duration(random);
  task.env = env(random);
  if (random() % 2 == 0) task.cwd = text(random, kBraces, 5);
  task.backoff = backoff(random);
  if (random() % 2 == 0) task.user = text(random, kBraces, 5);
  return task;
}

TEST(RoundTrip, GivesTheSameTask) {
  // Bindings that would show if anything escaped were expanded.
  Bindings bindings;
  bindings.user = "WRONG";
  bindings.environment = {{"x", "WRONG"}, {"name", "WRONG"}};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Random random(seed);
    const TaskConfig task = random_task(random);
    const std::string json = to_json(task, seed % 2 == 0 ? 2 : -1);
    const auto again = load_bound(json, "f");
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << again.error().message << "\n" << json;
    ASSERT_EQ(first_difference(task, *again), "") << "seed " << seed << "\n" << json;
    ASSERT_EQ(task, *again) << "seed " << seed << "\n" << json;
    ASSERT_EQ(*task_name_of(json, "f", "", bindings), task.name) << "seed " << seed;
  }
}

TEST(RoundTrip, PieceByPiece) {
  Random random(7);
  TaskConfig task = random_task(random);
  const TaskConfig one = task;
  while (task.processes.size() < 2000) {
    task.processes.insert(task.processes.end(), one.processes.begin(), one.processes.end());
  }
  for (const int indent : {-1, 2}) {
    std::string text;
    std::size_t longest = 0;
    EXPECT_TRUE(write_json(task, indent, [&](std::string_view piece) {
      EXPECT_FALSE(piece.empty());
      longest = std::max(longest, piece.size());
      text += piece;
      return true;
    }));
    EXPECT_EQ(text, to_json(task, indent));
    EXPECT_LT(longest, text.size() / 2);
    int pieces = 0;
    EXPECT_FALSE(write_json(task, indent, [&](std::string_view) { return ++pieces < 2; }));
    EXPECT_EQ(pieces, 2);
  }
}

// What is recorded or submitted is bound, and reading it looks nothing up: where a reference is
// left it is refused, and no text becomes longer than it was.
TEST(RoundTrip, NothingIsExpandedInIt) {
  const auto with = [](const std::string& field, const std::string& value) {
    std::string task = R"({"name": "t", "user": "u", "processes": [{"name": "a", "cmdline": "true",
      "max_failures": 1, "env": {"A": "x"}, "stop_signal": "INT", "cwd": "d"}, {"name": "b", "cmdline": "true"}], "constraints": [{"order": ["a"]}]})";
    const std::string before = "\"" + field + "\": ";
    const std::size_t at = task.find(before) + before.size();
    const std::size_t end = task.find_first_of(",}]", at);
    // Of a list its only element: what closes it comes with the rest.
    return task.substr(0, at) + (task[at] == '[' ? "[" : "") + "\"" + value + "\"" +
           task.substr(end);
  };
  for (const std::string field :
       {"name", "user", "cmdline", "order", "max_failures", "A", "stop_signal", "cwd"}) {
    for (const char* reference :
         {"{{name}}", "{{super.processes[0].cmdline}}", "{{thermos.user}}", "x{{a{{b}}}}"}) {
      const auto task = load_bound(with(field, reference), "f");
      ASSERT_FALSE(task.ok()) << field << " " << reference;
      EXPECT_EQ(task.error().code, ErrorCode::BadConfig);
      EXPECT_NE(task.error().message.find("is to be bound before"), std::string::npos)
          << task.error().message;
      EXPECT_NE(task.error().message.find(field), std::string::npos) << task.error().message;
    }
  }
  const auto escaped = load_bound(with("cmdline", "{{&name}} {{&&x}} {{ y }} {{&a{{b}}}}"), "f");
  ASSERT_TRUE(escaped.ok()) << escaped.error().message;
  EXPECT_EQ(escaped->processes[0].cmdline, "{{name}} {{&x}} {{ y }} {{a{{b}}}}");
  EXPECT_FALSE(load_bound("[" + with("user", "u") + "," + with("user", "v") + "]", "f").ok());
}

TEST(RoundTrip, IsOneObjectInTheSchemasOwnOrder) {
  TaskConfig task;
  task.name = "t";
  task.user = "joe";
  task.resources = Resources{0.5, 1, 2};
  task.processes.resize(1);
  task.processes[0].name = "a";
  task.processes[0].cmdline = "echo \"{{x}}\"";
  task.processes[0].needs.entries = {{"b", Condition::End}};
  task.processes[0].uses.entries = {{"gpu", 1}};
  task.pools.entries = {{"gpu", 2}};
  task.constraints = {{{"a"}}, {{}}};
  EXPECT_EQ(to_json(task, -1),
            R"({"name": "t", "processes": [{"name": "a", "cmdline": "echo \"{{&x}}\"", )"
            R"("needs": {"b": "end"}, "max_failures": 1, "max_kills": 0, "daemon": false, )"
            R"("ephemeral": false, )"
            R"("min_duration": 5, "final": false, "uses": {"gpu": 1}, "env": {}, )"
            R"("success_codes": [0], "stop_signal": "TERM", "notify": false}], )"
            R"("constraints": [{"order": ["a"]}, {"order": []}], )"
            R"("resources": {"cpu": 0.5, "ram": 1, "disk": 2}, "max_failures": 1, )"
            R"("max_concurrency": 0, "keep_going": false, "pools": {"gpu": 2}, )"
            R"("finalization_wait": 30, "user": "joe", "env": {}})");
  task.constraints.clear();
  task.resources.reset();
  task.user.clear();
  task.processes[0].needs.entries.clear();
  task.processes[0].uses.entries.clear();
  task.pools.entries.clear();
  task.processes[0].min_duration = 250'000;
  EXPECT_EQ(to_json(task, 2), R"({
  "name": "t",
  "processes": [
    {
      "name": "a",
      "cmdline": "echo \"{{&x}}\"",
      "needs": {},
      "max_failures": 1,
      "max_kills": 0,
      "daemon": false,
      "ephemeral": false,
      "min_duration": 0.25,
      "final": false,
      "uses": {},
      "env": {},
      "success_codes": [
        0
      ],
      "stop_signal": "TERM",
      "notify": false
    }
  ],
  "constraints": [],
  "max_failures": 1,
  "max_concurrency": 0,
  "keep_going": false,
  "pools": {},
  "finalization_wait": 30,
  "env": {}
})");
}

TEST(RoundTrip, IsWhatAnyJsonReaderReads) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    const std::string json = to_json(random_task(random), i % 3);
    EXPECT_TRUE(nlohmann::json::accept(json)) << json;
  }
}

TEST(RoundTrip, WritesEvenAnUncheckedTaskAsJson) {
  TaskConfig task;
  task.name = "\xff";
  EXPECT_TRUE(nlohmann::json::accept(to_json(task, 2)));
}

// A list may have a name twice. An object, as which needs are recorded, can't.
TEST(RoundTrip, OfNeedsThatAreRepeated) {
  const auto load_needs = [](const std::string& needs) {
    return load(R"({"processes": [{"name": "a", "cmdline": "x"}, {"name": "b", "cmdline": "x"}, )"
                R"({"name": "c", "cmdline": "x", "matrix": {"k": [1]}},)"
                R"({"name": "d", "cmdline": "x", "needs": )" +
                    needs + "}]}",
                "f", "", {});
  };
  const auto task = load_needs(R"(["b", "a", "b", "b", "a"])");
  ASSERT_TRUE(task) << task.error().message;
  EXPECT_EQ(task->processes[3].needs.entries,
            (decltype(task->processes[3].needs.entries){{"b", Condition::Success},
                                                        {"a", Condition::Success}}));
  const auto again = load_bound(to_json(*task, -1), "f");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *task);
  // A matrix and one of its processes may be needed in different ways: one of them is meant.
  const std::string made = task->processes[2].name;
  const auto both = load_needs(R"({"c": "start", ")" + made + R"(": "end"})");
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().message,
            "f:1: processes[3].needs." + made + ": is given twice: a process has one condition");
}

}  // namespace
}  // namespace thermos::config
