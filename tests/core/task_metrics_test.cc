// What the records of tasks say, as metrics, and the text of those.
#include "core/explain/task_metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "boots.h"

namespace thermos {
namespace {

using State = ProcessState;

class TaskHistory {
 public:
  explicit TaskHistory(Microseconds launch_s = 5000) : now_(launch_s * kSecond) {
    RunnerHeader header;
    header.task_id = "t-1";
    header.launch_time = now_;
    apply(header);
    task(TaskState::Active);
  }
  TaskHistory& task(TaskState state) {
    TaskStatus status;
    status.state = state;
    status.boot = kBoot;
    status.at = time();
    apply(status);
    return *this;
  }
  TaskHistory& pass(Microseconds ms) {
    now_ += ms * 1000;
    return *this;
  }
  // The states of one run, with 1 ms between them.
  TaskHistory& run(const std::string& name, std::uint32_t number, State end,
                   std::optional<std::int32_t> code = {}, std::string_view reason = {},
                   Origin origin = Origin::Recorded) {
    for (const State state : {State::Waiting, State::Forked, State::Running, end}) {
      ProcessStatus status;
      status.process = name;
      status.seq = seq_[name]++;
      status.run = number;
      status.state = state;
      status.at = time();
      status.boot = kBoot;
      if (is_terminal(state)) {
        status.return_code = code;
        status.reason = reason;
        status.origin = origin;
        status.usage = usage_;
      }
      apply(status);
      if (state == end) break;
      pass(1);
    }
    return *this;
  }
  // Of each run from here on.
  TaskHistory& using_up(const Usage& usage) {
    usage_ = usage;
    return *this;
  }
  TaskHistory& end(TaskState state) {
    task(TaskState::Cleaning);
    return task(state);
  }

  History history;

 private:
  Timestamp time() const { return {now_, now_ - 4000 * kSecond}; }
  void apply(const Record& record) {
    const auto applied = history.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }

  Microseconds now_;
  Usage usage_;
  std::map<std::string, std::uint64_t> seq_;
};

std::string text_of(const TaskMetrics& metrics) {
  MetricsText text;
  metrics.write(text);
  return text.text();
}

#define EXPECT_HAS(text, line) \
  EXPECT_NE(("\n" + (text)).find(std::string("\n") + (line) + "\n"), std::string::npos) << (text)

TEST(TaskMetrics, StatesAndEndsOfTasksAndProcesses) {
  TaskMetrics metrics;
  metrics.add("a", TaskHistory().run("p", 0, State::Success, 0).end(TaskState::Success).history);
  metrics.add("a", TaskHistory().run("p", 0, State::Failed, 3).end(TaskState::Failed).history);
  metrics.add("", TaskHistory().run("p", 0, State::Running).run("q", 0, State::Success, 0).history,
              3);
  metrics.add("", History());
  metrics.add_unreadable();
  const std::string text = text_of(metrics);
  EXPECT_HAS(text, "thermos_tasks{state=\"active\"} 2");
  EXPECT_HAS(text, "thermos_tasks{state=\"success\"} 1");
  EXPECT_HAS(text, "thermos_tasks{state=\"unreadable\"} 1");
  EXPECT_HAS(text, "thermos_task_ends_total{state=\"success\"} 1");
  EXPECT_HAS(text, "thermos_task_ends_total{state=\"failed\"} 1");
  EXPECT_HAS(text, "thermos_task_ends_total{state=\"lost\"} 0");
  EXPECT_EQ(text.find("ends_total{state=\"active\""), std::string::npos);
  EXPECT_HAS(text, "thermos_processes{state=\"waiting\"} 3");
  EXPECT_HAS(text, "thermos_processes{state=\"running\"} 1");
  // Those of tasks that have ended are not.
  EXPECT_HAS(text, "thermos_processes{state=\"success\"} 1");
  EXPECT_HAS(text, "thermos_processes{state=\"failed\"} 0");
  EXPECT_HAS(text, "thermos_runs_total{result=\"success\",origin=\"recorded\"} 2");
  EXPECT_HAS(text, "thermos_runs_total{result=\"lost\",origin=\"recorded\"} 0");
}

TEST(TaskMetrics, WhatRunsUsed) {
  TaskMetrics metrics;
  TaskHistory task;
  task.using_up({1'500'000, 20'000, 4096});
  task.run("p", 0, State::Failed, 1).run("p", 1, State::Success, 0);
  task.using_up({500'000, 0, 8192}).run("q", 0, State::Success, 0).end(TaskState::Success);
  metrics.add("nightly", task.history);
  // Of before it was on record.
  metrics.add("old", TaskHistory().run("p", 0, State::Success, 0).end(TaskState::Success).history);
  std::string text = text_of(metrics);
  EXPECT_HAS(text, "thermos_run_cpu_seconds_total{mode=\"user\"} 3.5");
  EXPECT_HAS(text, "thermos_run_cpu_seconds_total{mode=\"system\"} 0.04");
  EXPECT_HAS(text, "thermos_task_cpu_seconds{task=\"nightly\"} 3.54");
  EXPECT_HAS(text, "thermos_task_peak_memory_bytes{task=\"nightly\"} 8192");
  EXPECT_EQ(text.find("cpu_seconds{task=\"old\"}"), std::string::npos);
  EXPECT_EQ(text.find("memory_bytes{task=\"old\"}"), std::string::npos);

  // The counter does not become smaller.
  History compacted = task.history;
  compacted.drop_old(1);
  TaskMetrics later;
  later.add("nightly", compacted);
  text = text_of(later);
  EXPECT_HAS(text, "thermos_run_cpu_seconds_total{mode=\"user\"} 3.5");
  EXPECT_HAS(text, "thermos_task_cpu_seconds{task=\"nightly\"} 3.54");
}

TEST(TaskMetrics, RunsByTheirEndAndHowLongTheyTook) {
  TaskHistory task;
  task.run("p", 0, State::Running).pass(200);
  TaskHistory ended;
  ended.run("p", 0, State::Killed, -9, "killed by the kernel: out of memory");
  ended.run("p", 1, State::Killed, -15, "", Origin::Ordered);
  ended.run("p", 2, State::Lost, {}, "", Origin::Reboot);
  for (std::uint32_t run = 3; run < 10; ++run) ended.run("p", run, State::Failed, 1);
  TaskMetrics metrics;
  metrics.add("", task.history);
  metrics.add("", ended.history);
  const std::string text = text_of(metrics);
  EXPECT_HAS(text, "thermos_oom_kills_total 1");
  EXPECT_HAS(text, "thermos_runs_total{result=\"killed\",origin=\"recorded\"} 1");
  EXPECT_HAS(text, "thermos_runs_total{result=\"killed\",origin=\"ordered\"} 1");
  EXPECT_HAS(text, "thermos_runs_total{result=\"failed\",origin=\"recorded\"} 7");
  // 11 began, 10 ended, and of one of these nobody knows when.
  EXPECT_HAS(text, "thermos_launch_seconds_bucket{le=\"0.001\"} 0");
  EXPECT_HAS(text, "thermos_launch_seconds_bucket{le=\"0.0025\"} 11");
  EXPECT_HAS(text, "thermos_launch_seconds_bucket{le=\"1.0\"} 11");
  EXPECT_HAS(text, "thermos_launch_seconds_bucket{le=\"+Inf\"} 11");
  EXPECT_HAS(text, "thermos_launch_seconds_sum 0.022");
  EXPECT_HAS(text, "thermos_launch_seconds_count 11");
  EXPECT_HAS(text, "thermos_run_duration_seconds_bucket{le=\"0.01\"} 9");
  EXPECT_HAS(text, "thermos_run_duration_seconds_count 9");

  History compacted = ended.history;
  compacted.drop_old(2);
  TaskMetrics later;
  later.add("", compacted);
  const std::string kept = text_of(later);
  EXPECT_HAS(kept, "thermos_runs_total{result=\"failed\",origin=\"recorded\"} 2");
  EXPECT_HAS(kept, "thermos_runs_total{result=\"failed\",origin=\"compacted\"} 5");
  EXPECT_HAS(kept, "thermos_runs_total{result=\"killed\",origin=\"compacted\"} 2");
  EXPECT_HAS(kept, "thermos_run_duration_seconds_count 2");
}

TEST(TaskMetrics, TheLastSuccessAndTheLastDurationOfEachName) {
  TaskMetrics metrics;
  metrics.add("nightly", TaskHistory(9000).pass(1500).end(TaskState::Failed).history);
  metrics.add("nightly", TaskHistory(8000).pass(7250).end(TaskState::Success).history);
  metrics.add("nightly", TaskHistory(7000).pass(9000).end(TaskState::Success).history);
  metrics.add("odd \"\\\n\xff\u00fc", TaskHistory().pass(1).end(TaskState::Killed).history);
  const std::string text = text_of(metrics);
  EXPECT_HAS(text, "thermos_last_success_timestamp_seconds{task=\"nightly\"} 8007.25");
  EXPECT_HAS(text, "thermos_task_duration_seconds{task=\"nightly\"} 1.5");
  EXPECT_HAS(text,
             "thermos_task_duration_seconds{task=\"odd \\\"\\\\\\n\xef\xbf\xbd\u00fc\"} 0.001");
  EXPECT_EQ(metrics.left_out(), 0U);
}

TEST(TaskMetrics, OfTooManyNamesThoseThatEndedLast) {
  TaskMetrics metrics;
  for (int i = 0; i < 1003; ++i) {
    metrics.add("name-" + std::to_string(i), TaskHistory(5000 + i).end(TaskState::Success).history);
  }
  EXPECT_EQ(metrics.left_out(), 3U);
  const std::string text = text_of(metrics);
  EXPECT_EQ(text.find("{task=\"name-2\"}"), std::string::npos);
  EXPECT_HAS(text, "thermos_last_success_timestamp_seconds{task=\"name-3\"} 5003");
  EXPECT_HAS(text, "thermos_task_duration_seconds{task=\"name-1002\"} 0");
}

// ---- the text ----------------------------------------------------------------------------------

TEST(MetricsText, IsOneThatPromtoolReads) {
  constexpr std::array<Microseconds, 2> kBounds = {2500, 10 * kSecond};
  Histogram histogram(kBounds);
  histogram.observe(3 * kSecond);
  MetricsText text;
  text.family("a_total", MetricType::Counter, "Things.");
  text.sample({}, std::uint64_t{5});
  text.sample({{"x", "1"}, {"y", "2"}}, std::uint64_t{6});
  text.family("b_seconds_total", MetricType::Counter, "Time.");
  text.seconds({}, 1'500'000);
  text.family("c_seconds", MetricType::Histogram, "More time.");
  text.histogram(histogram);
  text.family("d_bytes", MetricType::Gauge, "Room.");
  const std::string expected =
      "# HELP a_total Things.\n"
      "# TYPE a_total counter\n"
      "a_total 5\n"
      "a_total{x=\"1\",y=\"2\"} 6\n"
      "# HELP b_seconds_total Time.\n"
      "# TYPE b_seconds_total counter\n"
      "# UNIT b_seconds_total seconds\n"
      "b_seconds_total 1.5\n"
      "# HELP c_seconds More time.\n"
      "# TYPE c_seconds histogram\n"
      "# UNIT c_seconds seconds\n"
      "c_seconds_bucket{le=\"0.0025\"} 0\n"
      "c_seconds_bucket{le=\"10.0\"} 1\n"
      "c_seconds_bucket{le=\"+Inf\"} 1\n"
      "c_seconds_sum 3\n"
      "c_seconds_count 1\n"
      "# HELP d_bytes Room.\n"
      "# TYPE d_bytes gauge\n"
      "# UNIT d_bytes bytes\n";
  EXPECT_EQ(text.text(), expected);
}

TEST(MetricsText, ByTheLetterOfOpenMetrics) {
  EXPECT_EQ(open_metrics("# HELP a_total A_total is a total.\n# TYPE a_total counter\na_total 5\n"
                         "# UNIT b_seconds_total seconds\n# TYPE c gauge\nc{l=\"# x_total \"} 1\n"),
            "# HELP a A_total is a total.\n# TYPE a counter\na_total 5\n"
            "# UNIT b_seconds seconds\n# TYPE c gauge\nc{l=\"# x_total \"} 1\n");
  EXPECT_EQ(open_metrics(""), "");
  EXPECT_EQ(open_metrics("#"), "#");
  EXPECT_EQ(open_metrics("# EOF\n"), "# EOF\n");
}

}  // namespace
}  // namespace thermos
