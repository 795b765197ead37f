// What happened in a task as spans.
#include "core/explain/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/task/check_task.h"

namespace thermos {
namespace {

using State = ProcessState;

class TraceTest : public ::testing::Test {
 protected:
  static constexpr Microseconds kLaunch = 5000 * kSecond;

  ProcessConfig& add(const std::string& name) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    return process;
  }
  void header(const std::string& parent = {}) {
    task_.name = "nightly";
    RunnerHeader header;
    header.task_id = "nightly-1";
    header.launch_time = kLaunch;
    header.trace_parent = parent;
    take(header);
  }
  // The state at so many milliseconds from the launch on.
  void task(Microseconds ms, TaskState state, std::string_view reason = {}) {
    TaskStatus status;
    status.state = state;
    status.at = time(ms);
    status.reason = reason;
    if (state != TaskState::Active) status.goal = TaskState::Failed;
    take(status);
  }
  void process(Microseconds ms, const std::string& name, std::uint32_t run, State state,
               std::optional<std::int32_t> code = {}, std::string_view reason = {}) {
    ProcessStatus status;
    status.process = name;
    status.seq = next_[name]++;
    status.run = run;
    status.state = state;
    status.at = time(ms);
    if (state == State::Running) status.identity = {4000 + static_cast<std::int32_t>(run), 1};
    status.return_code = code;
    status.reason = reason;
    take(status);
  }
  // A whole run.
  void ran(const std::string& name, std::uint32_t run, Microseconds from, Microseconds to,
           State end = State::Success, std::optional<std::int32_t> code = 0,
           std::string_view reason = {}) {
    process(from, name, run, State::Waiting);
    process(from + 2, name, run, State::Forked);
    process(from + 3, name, run, State::Running);
    process(to, name, run, end, code, reason);
  }
  void take(const Record& record) {
    const Status taken = chronicle_.take(record);
    ASSERT_TRUE(taken.ok()) << taken.error().message;
  }

  Trace trace(Microseconds now_ms) {
    const auto graph = check_task(task_);
    EXPECT_TRUE(graph.ok());
    const Situation situation(task_, *graph, chronicle_, kLaunch + now_ms * 1000);
    const auto made = trace_of(situation);
    EXPECT_TRUE(made.ok());
    expect_sound(*made);
    return *made;
  }
  static void expect_sound(const Trace& trace) {
    std::set<std::string> ids;
    std::map<std::string, const Span*> by_id;
    std::map<std::string, Microseconds> last_end;
    for (const Span& span : trace.spans) {
      EXPECT_TRUE(ids.insert(span.id).second) << span.id;
      by_id[span.id] = &span;
      EXPECT_LE(span.begin, span.end);
      for (const Span::Moment& moment : span.moments) {
        EXPECT_TRUE(span.begin <= moment.at && moment.at <= span.end) << moment.name;
      }
      if (&span == trace.spans.data()) continue;
      ASSERT_TRUE(by_id.contains(span.parent)) << span.name;
      const Span& parent = *by_id.at(span.parent);
      EXPECT_LE(parent.begin, span.begin) << span.name;
      EXPECT_GE(parent.end, span.end) << span.name;
      if (span.kind == SpanKind::Process) continue;
      Microseconds& before = last_end[span.parent];
      EXPECT_LE(before, span.begin) << span.name;
      before = span.end;
    }
    for (const Arrow& arrow : trace.arrows) {
      EXPECT_EQ(trace.spans[arrow.from].kind, SpanKind::Process);
      EXPECT_EQ(trace.spans[arrow.to].kind, SpanKind::Process);
      EXPECT_LE(arrow.at, trace.spans[arrow.to].begin);
    }
  }
  // "task nightly 0..500 error", a line for each span; times in ms from the launch on.
  static std::string text(const Trace& trace) {
    std::string text;
    for (const Span& span : trace.spans) {
      text += std::string(name_of(span.kind)) + " " + span.name;
      if (span.run) text += " " + std::to_string(*span.run);
      const auto ms = [](Microseconds at) { return std::to_string((at - kLaunch) / 1000); };
      text += " " + ms(span.begin) + ".." + ms(span.end);
      if (span.open) text += " open";
      if (span.result == SpanResult::Ok) text += " ok";
      if (span.result == SpanResult::Error) text += " error";
      if (!span.message.empty()) text += " (" + span.message + ")";
      text += "\n";
    }
    return text;
  }
  static const Span& find(const Trace& trace, SpanKind kind, const std::string& name,
                          std::optional<std::uint32_t> run = {}) {
    const auto found = std::find_if(trace.spans.begin(), trace.spans.end(), [&](const Span& span) {
      return span.kind == kind && span.name == name && span.run == run;
    });
    EXPECT_NE(found, trace.spans.end()) << name;
    return found == trace.spans.end() ? trace.spans.front() : *found;
  }
  static Span::Value attribute(const Span& span, const std::string& key) {
    for (const auto& [name, value] : span.attributes) {
      if (name == key) return value;
    }
    return false;
  }

  TaskConfig task_;
  Chronicle chronicle_;

 private:
  static Timestamp time(Microseconds ms) { return {kLaunch + ms * 1000, (1000 + ms) * 1000}; }

  std::map<std::string, std::uint64_t> next_;
};

TEST_F(TraceTest, ATaskItsProcessesTheirRunsAndTheWaitsBeforeThem) {
  add("a");
  add("b").needs.entries = {{"a", Condition::Success}};
  task_.processes[1].max_failures = 3;
  add("never").needs.entries = {{"b", Condition::Success}};
  add("last").final = true;
  header();
  task(0, TaskState::Active);
  ran("a", 0, 0, 100);
  ran("b", 0, 150, 200, State::Failed, 3);
  ran("b", 1, 1200, 1300, State::Killed, -9);
  ran("b", 2, 1300, 1400, State::Failed, 1, "timed out after 0.1s");
  task(1401, TaskState::Cleaning, "b failed");
  task(1402, TaskState::Finalizing);
  ran("last", 0, 1402, 1450);
  task(1451, TaskState::Failed, "b failed");
  const Trace made = trace(9000);
  EXPECT_EQ(text(made),
            "task nightly 0..1451 error (b failed)\n"
            "process a 0..100 ok\n"
            "run a 0 0..100 ok\n"
            "process b 100..1400 error (exit 1, timed out after 0.1s)\n"
            "wait b 0 100..150\n"
            "run b 0 150..200 error (exit 3)\n"
            "wait b 1 200..1200\n"
            "run b 1 1200..1300 error (signal 9 (SIGKILL))\n"
            "run b 2 1300..1400 error (exit 1, timed out after 0.1s)\n"
            "process last 1402..1450 ok\n"
            "run last 0 1402..1450 ok\n");
  ASSERT_EQ(made.arrows.size(), 1U);
  EXPECT_EQ(made.spans[made.arrows[0].from].name, "a");
  EXPECT_EQ(made.spans[made.arrows[0].to].name, "b");
  EXPECT_EQ(made.arrows[0].at, kLaunch + 100'000);

  const TraceIds ids(*chronicle_.history().header());
  EXPECT_EQ(made.id, ids.trace());
  EXPECT_EQ(made.spans[0].id, ids.task());
  EXPECT_EQ(made.spans[0].parent, "");
  const Span& first = find(made, SpanKind::Run, "b", 0);
  EXPECT_EQ(first.id, ids.run("b", 0));
  EXPECT_EQ(first.parent, ids.process("b"));
  EXPECT_EQ(attribute(first, "process.exit.code"), Span::Value(std::int64_t{3}));
  EXPECT_EQ(attribute(first, "process.pid"), Span::Value(std::int64_t{4000}));
  EXPECT_EQ(attribute(first, "thermos.run"), Span::Value(std::int64_t{0}));
  EXPECT_EQ(attribute(first, "thermos.result"), Span::Value(std::string("FAILED")));
  EXPECT_EQ(attribute(first, "thermos.launch_seconds"), Span::Value(0.003));
  const Span& killed = find(made, SpanKind::Run, "b", 1);
  EXPECT_EQ(attribute(killed, "thermos.signal"), Span::Value(std::string("SIGKILL")));
  EXPECT_EQ(attribute(killed, "process.exit.code"), Span::Value(false));
  EXPECT_EQ(attribute(find(made, SpanKind::Wait, "b", 0), "thermos.after"),
            Span::Value(std::string("a")));
}

TEST_F(TraceTest, WhatGoesOnIsOpenAndEndsNow) {
  task_.max_concurrency = 1;
  add("a");
  add("b");
  add("c").needs.entries = {{"b", Condition::Success}};
  header("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  task(0, TaskState::Active);
  process(1, "a", 0, State::Waiting);
  process(2, "a", 0, State::Forked);
  process(3, "a", 0, State::Running);
  const Trace made = trace(700);
  EXPECT_EQ(text(made),
            "task nightly 0..700 open\n"
            "process a 0..700 open\n"
            "wait a 0 0..1\n"
            "run a 0 1..700 open\n"
            "process b 0..700 open\n"
            "wait b 0 0..700 open\n");
  EXPECT_EQ(made.id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(made.spans[0].parent, "00f067aa0ba902b7");
}

TEST_F(TraceTest, ARunThatWaitsForItsNextTry) {
  add("a").max_failures = 3;
  header();
  task(0, TaskState::Active);
  ran("a", 0, 0, 100, State::Failed, 3);
  EXPECT_EQ(text(trace(1100)),
            "task nightly 0..1100 open\n"
            "process a 0..1100 open\n"
            "run a 0 0..100 error (exit 3)\n"
            "wait a 1 100..1100 open\n");
}

// What the end of the task, or an order, ended is no error.
TEST_F(TraceTest, AServiceThatEndsWithItsTask) {
  add("server").daemon = true;
  add("a");
  header();
  task(0, TaskState::Active);
  process(0, "server", 0, State::Waiting);
  process(1, "server", 0, State::Forked);
  process(2, "server", 0, State::Running);
  ran("a", 0, 0, 100);
  TaskStatus cleaning;
  cleaning.state = TaskState::Cleaning;
  cleaning.at = {kLaunch + 101'000, 1'101'000};
  take(cleaning);
  process(150, "server", 0, State::Killed, -15);
  cleaning.state = TaskState::Success;
  cleaning.at.wall += 50'000;
  take(cleaning);
  const Trace made = trace(200);
  EXPECT_EQ(find(made, SpanKind::Run, "server", 0).result, SpanResult::None);
  EXPECT_EQ(find(made, SpanKind::Process, "server").result, SpanResult::None);
  EXPECT_EQ(made.spans.front().result, SpanResult::Ok);
}

// The wall clock is put back by an hour while a run is under way.
TEST_F(TraceTest, NothingLeavesItsParentWhenTheClockIsSet) {
  add("a").max_failures = 0;
  header();
  task(0, TaskState::Active);
  ran("a", 0, 10, 100, State::Failed, 1);
  process(200, "a", 1, State::Waiting);
  process(201, "a", 1, State::Forked);
  process(202, "a", 1, State::Running);
  process(-3'600'000, "a", 1, State::Failed, 1);
  ran("a", 2, -3'599'000, -3'598'000);
  task(-3'597'000, TaskState::Cleaning);
  task(-3'596'000, TaskState::Failed);
  EXPECT_EQ(text(trace(-3'000'000)),
            "task nightly 0..200 error\n"
            "process a 0..200 ok\n"
            "wait a 0 0..10\n"
            "run a 0 10..100 error (exit 1)\n"
            "wait a 1 100..200\n"
            "run a 1 200..200 error (exit 1)\n"
            "run a 2 200..200 ok\n");
}

// A compaction has dropped the first runs; the task was begun anew by another configuration.
TEST_F(TraceTest, RunsThatAreNotOnRecordAnyMore) {
  add("a").max_failures = 0;
  header();
  task(0, TaskState::Active);
  for (std::uint32_t run = 0; run < 5; ++run) {
    ran("a", run, 1000 * run, 1000 * run + 500, State::Failed, 1);
  }
  History history = chronicle_.history();
  history.drop_old(2);
  chronicle_ = Chronicle::of(std::move(history));
  const Trace made = trace(4600);
  EXPECT_EQ(text(made),
            "task nightly 0..4600 open\n"
            "process a 3000..4600 open\n"
            "run a 3 3000..3500 error (exit 1)\n"
            "wait a 4 3500..4000\n"
            "run a 4 4000..4500 error (exit 1)\n"
            "wait a 5 4500..4600 open\n");
  const Span& process = find(made, SpanKind::Process, "a");
  EXPECT_EQ(attribute(process, "thermos.runs"), Span::Value(std::int64_t{5}));
  EXPECT_EQ(attribute(process, "thermos.runs_dropped"), Span::Value(std::int64_t{3}));
}

TEST_F(TraceTest, NothingIsOnRecordYet) {
  task_.name = "nightly";
  add("a");
  const auto graph = check_task(task_);
  ASSERT_TRUE(graph.ok());
  const auto made = trace_of(Situation(task_, *graph, chronicle_, kLaunch));
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace thermos
