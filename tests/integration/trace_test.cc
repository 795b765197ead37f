// `thermos trace` from outside: of tasks whose programs are all dead, by their files.
#include <algorithm>
#include <csignal>
#include <map>
#include <regex>
#include <set>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class Trace : public ThermosTest {
 protected:
  json trace(const std::string& kind, const std::string& task) const {
    const Finished done = run({"trace", kind, task});
    EXPECT_EQ(done.status, 0) << done.err;
    return json::parse(done.out);
  }
  json otlp(const std::string& task) const {
    json made = trace("--otlp", task);
    expect_otlp(made);
    return made;
  }
  static const json& spans_of(const json& made) {
    return made.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans");
  }
  static json attributes_of(const json& span) {
    json all = json::object();
    for (const json& one : span.at("attributes")) {
      const json& value = one.at("value");
      EXPECT_EQ(value.size(), 1U) << value;
      EXPECT_FALSE(all.contains(one.at("key"))) << one;
      all[one.at("key").get<std::string>()] = value.begin().value();
    }
    return all;
  }
  // What is of `kind` and that name; null if there is none.
  static json span_of(const json& made, const std::string& kind, const std::string& name) {
    for (const json& span : spans_of(made)) {
      if (span.at("name") == name && attributes_of(span).at("thermos.span") == kind) return span;
    }
    return nullptr;
  }
  json perfetto(const std::string& task) const {
    json made = trace("--perfetto", task);
    expect_perfetto(made);
    return made;
  }

  static void expect_otlp(const json& made);
  static void expect_perfetto(const json& made);

  void refuse(const Words& words, int status, std::string_view reason) const {
    const Finished done = run(words);
    EXPECT_EQ(done.status, status) << done.err;
    EXPECT_NE(done.err.find(reason), std::string::npos) << done.err;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    EXPECT_EQ(done.out, "");
  }
};

// The rules of opentelemetry-proto's trace.proto and of OTLP's JSON encoding.
void Trace::expect_otlp(const json& made) {
  const auto keys_of = [](const json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
  };
  const auto only = [&](const json& object, const std::set<std::string>& allowed) {
    for (const std::string& key : keys_of(object)) EXPECT_TRUE(allowed.contains(key)) << key;
  };
  const std::regex trace_id("[0-9a-f]{32}");
  const std::regex span_id("[0-9a-f]{16}");
  const std::regex number("-?[0-9]+");
  const auto is = [](const json& text, const std::regex& form) {
    return text.is_string() && std::regex_match(text.get<std::string>(), form);
  };
  const auto expect_attributes = [&](const json& attributes) {
    ASSERT_TRUE(attributes.is_array());
    for (const json& one : attributes) {
      EXPECT_EQ(keys_of(one), (std::set<std::string>{"key", "value"}));
      EXPECT_FALSE(one.at("key").get<std::string>().empty());
      const json& value = one.at("value");
      ASSERT_EQ(value.size(), 1U);
      const std::string type = value.begin().key();
      const json& held = value.begin().value();
      if (type == "stringValue") {
        EXPECT_TRUE(held.is_string());
      }
      if (type == "boolValue") {
        EXPECT_TRUE(held.is_boolean());
      }
      if (type == "intValue") {
        EXPECT_TRUE(is(held, number)) << held;
      }
      if (type == "doubleValue") {
        EXPECT_TRUE(held.is_number());
      }
      EXPECT_TRUE(std::set<std::string>({"stringValue", "boolValue", "intValue", "doubleValue"})
                      .contains(type))
          << type;
    }
  };
  EXPECT_EQ(keys_of(made), (std::set<std::string>{"resourceSpans"}));
  ASSERT_EQ(made.at("resourceSpans").size(), 1U);
  const json& of_resource = made.at("resourceSpans")[0];
  EXPECT_EQ(keys_of(of_resource), (std::set<std::string>{"resource", "scopeSpans"}));
  expect_attributes(of_resource.at("resource").at("attributes"));
  EXPECT_EQ(of_resource.at("resource").at("attributes")[0].at("key"), "service.name");
  std::set<std::string> ids;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> times;
  for (const json& span : spans_of(made)) {
    only(span, {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano",
                "endTimeUnixNano", "attributes", "events", "links", "status"});
    EXPECT_TRUE(is(span.at("traceId"), trace_id)) << span;
    EXPECT_TRUE(is(span.at("spanId"), span_id)) << span;
    EXPECT_EQ(span.at("traceId"), spans_of(made)[0].at("traceId"));
    EXPECT_TRUE(ids.insert(span.at("spanId")).second) << span;
    EXPECT_FALSE(span.at("name").get<std::string>().empty());
    EXPECT_EQ(span.at("kind"), 1);
    for (const char* key : {"startTimeUnixNano", "endTimeUnixNano"}) {
      EXPECT_TRUE(is(span.at(key), number)) << span;
    }
    const std::uint64_t begin = std::stoull(span.at("startTimeUnixNano").get<std::string>());
    const std::uint64_t end = std::stoull(span.at("endTimeUnixNano").get<std::string>());
    EXPECT_LE(begin, end);
    times[span.at("spanId")] = {begin, end};
    expect_attributes(span.at("attributes"));
    if (span.contains("parentSpanId")) {
      EXPECT_TRUE(is(span.at("parentSpanId"), span_id)) << span;
      if (const auto parent = times.find(span.at("parentSpanId")); parent != times.end()) {
        EXPECT_LE(parent->second.first, begin) << span;
        EXPECT_GE(parent->second.second, end) << span;
      }
    }
    for (const json& event : span.value("events", json::array())) {
      EXPECT_EQ(keys_of(event), (std::set<std::string>{"timeUnixNano", "name"}));
      const std::uint64_t at = std::stoull(event.at("timeUnixNano").get<std::string>());
      EXPECT_TRUE(begin <= at && at <= end) << span;
    }
    only(span.at("status"), {"code", "message"});
    if (span.at("status").contains("code")) {
      EXPECT_TRUE(span.at("status").at("code") == 1 || span.at("status").at("code") == 2);
    }
    // "message" is for errors.
    if (span.at("status").contains("message")) {
      EXPECT_EQ(span.at("status").at("code"), 2);
    }
  }
  for (const json& span : spans_of(made)) {
    for (const json& link : span.value("links", json::array())) {
      EXPECT_EQ(keys_of(link), (std::set<std::string>{"traceId", "spanId"}));
      EXPECT_TRUE(ids.contains(link.at("spanId"))) << link;
    }
  }
}

// What the format asks for: complete events of a track nest, arrows begin and end inside of slices
// in their order, and everything has a name.
void Trace::expect_perfetto(const json& made) {
  using Track = std::pair<int, int>;
  std::map<Track, std::vector<std::pair<std::int64_t, std::int64_t>>> open;
  std::map<Track, std::vector<std::pair<std::int64_t, std::int64_t>>> slices;
  std::set<Track> named;
  std::set<int> groups;
  std::map<int, std::int64_t> arrows;
  std::int64_t last = 0;
  for (const json& event : made.at("traceEvents")) {
    const std::string kind = event.at("ph");
    const int group = event.at("pid");
    if (kind == "M") {
      EXPECT_EQ(last, 0) << "names come first";
      if (event.at("name") == "process_name") groups.insert(group);
      if (event.at("name") == "thread_name") named.insert({group, event.at("tid")});
      continue;
    }
    const std::int64_t at = event.at("ts");
    EXPECT_GE(at, last) << event;
    last = at;
    EXPECT_TRUE(groups.contains(group)) << event;
    EXPECT_FALSE(event.at("name").get<std::string>().empty());
    if (kind == "C") {
      EXPECT_GE(event.at("args").at("processes"), 0);
      continue;
    }
    const Track track{group, event.at("tid")};
    EXPECT_TRUE(named.contains(track)) << event;
    auto& stack = open[track];
    while (!stack.empty() && stack.back().second <= at) stack.pop_back();
    if (kind == "X") {
      const std::int64_t end = at + event.at("dur").get<std::int64_t>();
      EXPECT_GE(end, at);
      if (!stack.empty()) {
        EXPECT_LE(end, stack.back().second) << event;
      }
      stack.emplace_back(at, end);
    } else if (kind == "s") {
      EXPECT_FALSE(stack.empty()) << event;
      EXPECT_TRUE(arrows.emplace(event.at("id"), at).second) << event;
    } else if (kind == "f") {
      EXPECT_EQ(event.at("bp"), "e");
      EXPECT_FALSE(stack.empty()) << event;
      EXPECT_EQ(arrows.erase(event.at("id")), 1U) << event;
    } else {
      EXPECT_EQ(kind, "i") << event;
    }
  }
  EXPECT_TRUE(arrows.empty());
}

constexpr std::string_view kBuild = R"({"name": "build", "max_failures": 2, "processes": [
    {"name": "fetch", "cmdline": "echo $TRACEPARENT > fetch"},
    {"name": "make", "cmdline": "echo $TRACEPARENT > make.$THERMOS_RUN; test $THERMOS_RUN = 1 || kill -9 $$",
     "min_duration": 0},
    {"name": "own", "cmdline": "echo $TRACEPARENT > own", "env": {"TRACEPARENT": "mine"}},
    {"name": "bad", "cmdline": "echo \"caf\u00e9\"; exit 3"}],
    "constraints": [{"order": ["fetch", "make"]}]})";

TEST_F(Trace, SpansOfATaskAndWhatItsProcessesSeeOfThem) {
  Invocation invocation = thermos({"run", "--task-id", "t", file("t.json", kBuild)});
  invocation.environment["TRACEPARENT"] = kParent;
  EXPECT_EQ(run_program(invocation).status, 0);
  const json made = otlp("t");
  const json task = span_of(made, "task", "build");
  EXPECT_EQ(task.at("traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(task.at("parentSpanId"), "00f067aa0ba902b7");
  EXPECT_EQ(task.at("status").at("code"), 1);
  EXPECT_EQ(attributes_of(task).at("thermos.task_id"), "t");
  EXPECT_FALSE(attributes_of(task).contains("thermos.open"));
  EXPECT_EQ(status_of("t").at("header").at("trace_parent"), kParent);

  const json fetch = span_of(made, "process", "fetch");
  EXPECT_EQ(fetch.at("parentSpanId"), task.at("spanId"));
  const json run = span_of(made, "run", "fetch run");
  EXPECT_EQ(run.at("parentSpanId"), fetch.at("spanId"));
  EXPECT_EQ(attributes_of(run).at("process.exit.code"), "0");
  const auto seen = [](const json& span) {
    return "00-" + span.at("traceId").get<std::string>() + "-" +
           span.at("spanId").get<std::string>() + "-01\n";
  };
  EXPECT_EQ(read_text(work() + "/fetch"), seen(run));
  EXPECT_EQ(read_text(work() + "/own"), "mine\n");

  // The first run of `make` was killed, and it ran again.
  std::vector<json> runs;
  for (const json& span : spans_of(made)) {
    if (span.at("name") == "make run") runs.push_back(span);
  }
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(attributes_of(runs[0]).at("thermos.signal"), "SIGKILL");
  EXPECT_EQ(attributes_of(runs[0]).at("thermos.run"), "0");
  EXPECT_EQ(runs[0].at("status").at("code"), 2);
  EXPECT_EQ(read_text(work() + "/make.0"), seen(runs[0]));
  EXPECT_EQ(read_text(work() + "/make.1"), seen(runs[1]));
  const json make = span_of(made, "process", "make");
  EXPECT_EQ(make.at("links").at(0).at("spanId"), fetch.at("spanId"));
  const json bad = span_of(made, "run", "bad run");
  EXPECT_EQ(bad.at("status"), json({{"code", 2}, {"message", "exit 3"}}));
  EXPECT_EQ(attributes_of(bad).at("thermos.result"), "FAILED");

  const json events = perfetto("t").at("traceEvents");
  const auto names = [&](const std::string& category) {
    std::multiset<std::string> found;
    for (const json& event : events) {
      if (event.value("cat", "") == category) found.insert(event.at("name").get<std::string>());
    }
    return found;
  };
  EXPECT_EQ(names("process"), (std::multiset<std::string>{"bad failed", "fetch", "make", "own"}));
  EXPECT_EQ(names("run"), (std::multiset<std::string>{"run 0", "run 0", "run 0: exit 3",
                                                      "run 0: signal 9 (SIGKILL)", "run 1"}));
  EXPECT_EQ(names("needs"), (std::multiset<std::string>{"lets run", "lets run"}));
  EXPECT_EQ(names("task"), (std::multiset<std::string>{"build"}));
}

// The parent is on record: who resumes it has another one around, or none.
TEST_F(Trace, AParentOutlivesItsRunner) {
  const std::string config = file("t.json", R"({"name": "t", "processes": [
      {"name": "a", "cmdline": "touch begun; until test -e gate; do sleep 0.1; done"},
      {"name": "b", "cmdline": "echo $TRACEPARENT > b"}],
      "constraints": [{"order": ["a", "b"]}]})");
  Invocation invocation = thermos({"run", "--task-id", "t", config});
  invocation.environment["TRACEPARENT"] = kParent;
  Program runner(invocation);
  ASSERT_TRUE(real::wait_until(work(), [this] { return real::exists(work() + "/begun"); }));
  runner.signal(SIGKILL);
  runner.wait();
  const json open = span_of(otlp("t"), "task", "t");
  EXPECT_EQ(attributes_of(open).at("thermos.open"), true);
  EXPECT_EQ(open.at("status"), json::object());
  const json running = span_of(otlp("t"), "run", "a run");
  EXPECT_EQ(attributes_of(running).at("thermos.open"), true);
  for (const json& event : perfetto("t").at("traceEvents")) {
    if (event.value("cat", "") == "process") {
      EXPECT_EQ(event.at("args").at("thermos.open"), true);
    }
  }

  write_text(work() + "/gate", "");
  Invocation again = thermos({"resume", "t"});
  again.environment["TRACEPARENT"] = "00-11111111111111111111111111111111-2222222222222222-01";
  EXPECT_EQ(run_program(again).status, 0);
  const json made = otlp("t");
  const json run = span_of(made, "run", "b run");
  EXPECT_EQ(run.at("traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(read_text(work() + "/b"),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-" + run.at("spanId").get<std::string>() + "-01\n");
}

TEST_F(Trace, AParentThatIsNotValidIsNone) {
  Invocation invocation =
      thermos({"run", "--task-id", "t", file("t.json", R"({"name": "t", "processes": [
                                       {"name": "a", "cmdline": "echo $TRACEPARENT > a"}]})")});
  invocation.environment["TRACEPARENT"] = "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01";
  EXPECT_EQ(run_program(invocation).status, 0);
  EXPECT_FALSE(status_of("t").at("header").contains("trace_parent"));
  const json task = span_of(otlp("t"), "task", "t");
  EXPECT_FALSE(task.contains("parentSpanId"));
  EXPECT_NE(task.at("traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(read_text(work() + "/a").substr(0, 36),
            "00-" + task.at("traceId").get<std::string>() + "-");
}

// As many tracks as there were processes at once, whatever their number.
TEST_F(Trace, FiveHundredProcessesAreReadable) {
  json processes = json::array();
  for (int i = 0; i < 500; ++i) {
    processes.push_back({{"name", "p" + std::to_string(i)}, {"cmdline", ":"}});
  }
  const json task = {{"name", "many"}, {"processes", processes}, {"max_concurrency", 8}};
  ASSERT_EQ(run_task("t", task.dump()).status, 0);
  const json made = perfetto("t");
  std::set<int> tracks;
  std::set<int> waiting;
  std::size_t slices = 0;
  for (const json& event : made.at("traceEvents")) {
    if (event.value("cat", "") == "process") tracks.insert(event.at("tid").get<int>());
    if (event.value("cat", "") == "wait") waiting.insert(event.at("tid").get<int>());
    slices += event.value("cat", "") == "run" ? 1 : 0;
    if (event.at("ph") == "C") {
      EXPECT_LE(event.at("args").at("processes"), 8) << event;
    }
  }
  EXPECT_EQ(slices, 500U);
  EXPECT_LE(tracks.size(), 8U);
  for (const int track : waiting) EXPECT_FALSE(tracks.contains(track));
  EXPECT_GE(spans_of(otlp("t")).size(), 1001U);
}

TEST_F(Trace, ToAFile) {
  ASSERT_EQ(run_task("t", R"({"processes": [{"name": "a", "cmdline": ":"}]})").status, 0);
  const Finished done = run({"trace", "--otlp", "-o", "t.otlp", "t"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, "");
  expect_otlp(json::parse(read_text(work() + "/t.otlp")));
  refuse({"trace", "--otlp", "-o", "t.otlp", "t"}, 64, "exists already");
  refuse({"trace", "--otlp", "-o", "no/t.otlp", "t"}, 66, "no/t.otlp: No such file");
}

TEST_F(Trace, WhatCannotBeTracedIsRefused) {
  ASSERT_EQ(run_task("nightly", R"({"processes": [{"name": "a", "cmdline": ":"}]})").status, 0);
  refuse({"trace"}, 64, "trace: TASK is missing");
  refuse({"trace", "nightly"}, 64, "give --perfetto or --otlp");
  refuse({"trace", "--otlp", "--perfetto", "nightly"}, 64, "give --perfetto or --otlp");
  refuse({"trace", "--otlp", "a", "b"}, 64, "unexpected argument 'b'");
  refuse({"trace", "--otlp", "nigthly"}, 66, "did you mean 'nightly'?");
}

}  // namespace
}  // namespace thermos::testing
