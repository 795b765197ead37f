// Tables and JSON of run histories.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "built_history.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/remote_view.h"
#include "reactor/show/record_text.h"
#include "reactor/show/status_table.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

using testing::HistoryBuilder;
using testing::kBegin;

class StatusText : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    style_.now = kBegin + 60 * kSecond;
  }

  static TaskView view(const std::string& id, const HistoryBuilder& built) {
    TaskView view;
    view.entry = {id, TaskDirectory::Active};
    view.history = built.history();
    return view;
  }

  static void expect_fits(const std::string& text, std::size_t columns) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(display_width(text.substr(at, end - at)), columns) << text.substr(at, end - at);
      at = end + 1;
    }
  }

  // `json` has everything that `expected` has.
  static void expect_holds(const Json& json, const Json& expected, const std::string& where) {
    if (expected.is_structured()) {
      ASSERT_EQ(json.type(), expected.type()) << where;
    }
    if (expected.is_array()) {
      ASSERT_EQ(json.size(), expected.size()) << where;
    }
    if (!expected.is_structured()) {
      EXPECT_EQ(json, expected) << where;
      return;
    }
    for (const auto& [key, value] : expected.items()) {
      const bool there = expected.is_array() || json.contains(key);
      ASSERT_TRUE(there) << where << "/" << key;
      const Json& part = expected.is_array() ? json[std::stoul(key)] : json[key];
      expect_holds(part, value, where + "/" + key);
    }
  }

  TableStyle style_;
};

TEST_F(StatusText, ATaskARow) {
  HistoryBuilder active("a-20260102-030405.678901");
  HistoryBuilder done("b", "/a/very/long/directory/name/that/does/not/fit/into/eighty/columns");
  done.task(TaskState::Cleaning, kSecond).task(TaskState::Success, 90 * kSecond);
  EXPECT_EQ(status_table({view("a-20260102-030405.678901", active), view("b", done)}, style_),
            "2 tasks: 1 ACTIVE, 1 SUCCESS\n"
            "TASK                      STATE       SINCE          TOOK  SANDBOX\n"
            "a-20260102-030405.678901  ACTIVE      03:04:05      1m00s  /box\n"
            "b                         SUCCESS     03:05:35      1m30s  …/into/eighty/columns\n");
}

TEST_F(StatusText, ProcessesBeneath) {
  HistoryBuilder built;
  built.run("worker", ProcessState::Failed, 0, kSecond, 3, "it broke");
  built.run("worker", ProcessState::Success, 10 * kSecond, kSecond, 0);
  built.process("server", ProcessState::Waiting, 0).process("server", ProcessState::Forked, 0);
  built.process("server", ProcessState::Running, 0);
  built.process("later", ProcessState::Waiting, 0);
  style_.processes = true;
  EXPECT_EQ(status_table({view("task-1", built)}, style_),
            "TASK    STATE       SINCE          TOOK  SANDBOX\n"
            "task-1  ACTIVE      03:04:05      1m00s  /box\n"
            "  3 processes: 1 running, 1 done, 1 not started\n"
            "  PROCESS  RUNS STATE    EXIT     PID    TOOK REASON\n"
            "  server      1 RUNNING           101   1m00s\n"
            "  worker      2 SUCCESS     0          1.000s\n"
            "  later       1 WAITING\n");
  style_.most = 2;
  EXPECT_TRUE(status_table({view("task-1", built)}, style_)
                  .ends_with("  server      1 RUNNING           101   1m00s\n"
                             "  and 1 done, 1 not started; --all shows them\n"));
}

TEST_F(StatusText, FailuresComeFirstAndTheRestIsCounted) {
  HistoryBuilder built;
  for (int i = 0; i < 500; ++i) {
    const ProcessState end = i == 400 ? ProcessState::Failed : ProcessState::Success;
    built.run("p" + std::to_string(i), end, 0, kSecond, i == 400 ? 3 : 0);
  }
  style_.processes = true;
  style_.most = 3;
  const std::string text = status_table({view("task-1", built)}, style_);
  EXPECT_NE(text.find("  500 processes: 1 failed, 499 done\n"), std::string::npos) << text;
  EXPECT_NE(text.find("REASON\n  p400"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("  and 499 done; --all shows them\n")) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << text;
  style_.failed_only = true;
  EXPECT_EQ(status_table({view("task-1", built)}, style_).find("p1 "), std::string::npos);
  EXPECT_TRUE(has_failed(view("task-1", built)));
  built.task(TaskState::Cleaning, kSecond).task(TaskState::Success, kSecond);
  const std::string why = status_table({view("task-1", built)}, style_);
  EXPECT_NE(why.find("p400 FAILED, run 0: exit 3\n"), std::string::npos) << why;
  HistoryBuilder well;
  well.run("p", ProcessState::Failed, 0, 1, 1).run("p", ProcessState::Success, 2, 1, 0);
  EXPECT_FALSE(has_failed(view("task-1", well)));
}

TEST_F(StatusText, AnExitStatusIsSaidInWords) {
  HistoryBuilder built;
  built.run("typo", ProcessState::Failed, 0, kSecond, 127);
  built.run("crash", ProcessState::Failed, 0, kSecond, -11);
  built.run("told", ProcessState::Killed, 0, kSecond, -15, "stopped by order");
  style_.processes = true;
  const std::string text = status_table({view("task-1", built)}, style_);
  EXPECT_NE(text.find("127          1.000s a command was not found\n"), std::string::npos) << text;
  EXPECT_NE(text.find("-11          1.000s SIGSEGV\n"), std::string::npos) << text;
  EXPECT_NE(text.find("-15          1.000s stopped by order\n"), std::string::npos) << text;
  // There, no column has the number.
  style_.columns = 40;
  const std::string narrow = status_table({view("task-1", built)}, style_);
  EXPECT_NE(narrow.find("exit 127\n"), std::string::npos) << narrow;
  EXPECT_NE(narrow.find("signal 11"), std::string::npos) << narrow;
}

TEST_F(StatusText, AReasonThatDoesNotFitHasALineOfItsOwn) {
  HistoryBuilder built;
  built.run("fetch-the-numbers-of-all", ProcessState::Failed, 0, kSecond, 7);
  TaskView waiting = view("task-1", built);
  waiting.outlooks["fetch-the-numbers-of-all"].next_try = style_.now;
  style_.processes = true;
  for (const std::size_t columns : {40U, 80U}) {
    style_.columns = columns;
    const std::string text = status_table({waiting}, style_);
    EXPECT_NE(text.find("BACKOFF until 03:05:05"), std::string::npos) << text;
    expect_fits(text, columns);
  }
  // Colours take no room.
  style_.columns = 90;
  const auto lines = [&] {
    const std::string text = status_table({waiting}, style_);
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto plain = lines();
  style_.line.colour = true;
  EXPECT_EQ(lines(), plain);
  // Red is what failed for good.
  EXPECT_EQ(status_table({waiting}, style_).find("\x1b[31m"), std::string::npos);
  waiting.outlooks.clear();
  EXPECT_NE(status_table({waiting}, style_).find("\x1b[31mFAILED"), std::string::npos);
}

TEST_F(StatusText, CountsAreWholeOnANarrowScreen) {
  HistoryBuilder built;
  for (int i = 0; i < 100; ++i) {
    built.run("p" + std::to_string(i), i < 50 ? ProcessState::Failed : ProcessState::Success, 0, 1,
              0);
  }
  built.process("late", ProcessState::Waiting, 0);
  style_.processes = true;
  style_.most = 3;
  style_.columns = 40;
  const std::string text = status_table({view("task-1", built)}, style_);
  EXPECT_NE(text.find("  101 processes: 50 failed, 50 done, 1\n    not started\n"),
            std::string::npos)
      << text;
  expect_fits(text, 40);
}

TEST_F(StatusText, ANameOfTwentyFiveCharactersTakesNoLineOfItsOwn) {
  HistoryBuilder built;
  const std::string name(25, 'n');
  built.run(name, ProcessState::Failed, 0, kSecond, 3);
  style_.processes = true;
  style_.columns = 80;
  EXPECT_NE(status_table({view("task-1", built)}, style_).find("  " + name + "     1 FAILED"),
            std::string::npos);
  // Not at the cost of a reason.
  built.run("p", ProcessState::Failed, 0, kSecond, 3, "a reason that is quite long");
  const std::string text = status_table({view("task-1", built)}, style_);
  EXPECT_NE(text.find("  " + name + "\n"), std::string::npos) << text;
  EXPECT_NE(text.find("a reason that is"), std::string::npos) << text;
}

TEST_F(StatusText, WhatHasNotStartedIsCountedWhoeverTellsIt) {
  HistoryBuilder built;
  built.run("p", ProcessState::Failed, 0, kSecond, 3);
  style_.processes = true;
  TaskView here = view("task-1", built);
  here.not_started = 2;
  const std::string text = status_table({here}, style_);
  EXPECT_NE(text.find("  3 processes: 1 failed, 2 not started\n"), std::string::npos) << text;
  Json json = history_json(built.history());
  json["not_started"] = 2;
  EXPECT_EQ(status_table({view_of(json)}, style_), text);
}

TEST_F(StatusText, ATaskWithoutARunnerSaysHowToGoOn) {
  TaskView lonely = view("task-1", HistoryBuilder());
  lonely.abandoned = true;
  EXPECT_NE(status_table({lonely}, style_).find("\n  no runner: `thermos resume task-1` "),
            std::string::npos);
}

// Its pid means nothing here.
TEST_F(StatusText, ARunThatGoesOnElsewhereSaysSo) {
  HistoryBuilder built;
  built.process("p", ProcessState::Waiting, 0);
  ProcessStatus forked = built.next("p", ProcessState::Forked, 0);
  forked.boot = {1, 1};
  built.add(forked).process("p", ProcessState::Running, 0);
  style_.processes = true;
  TaskStatus led;
  led.at = HistoryBuilder::at(kSecond);
  led.boot = {1, 1};
  built.add(led);
  EXPECT_EQ(status_table({view("task-1", built)}, style_).find("machine"), std::string::npos);
  led.boot = {2, 2};
  built.add(led);
  EXPECT_NE(status_table({view("task-1", built)}, style_).find("on another machine\n"),
            std::string::npos)
      << status_table({view("task-1", built)}, style_);
}

TEST_F(StatusText, TheDaemonsAnswerIsShownLikeFiles) {
  HistoryBuilder built;
  built.run("worker", ProcessState::Failed, 0, kSecond, 3, "it broke");
  built.run("worker", ProcessState::Success, 10 * kSecond, kSecond, 0);
  built.run("gone", ProcessState::Lost, 0, kSecond, 0, "the machine");
  built.run("shot", ProcessState::Killed, 0, 2 * kSecond, -9);
  built.process("server", ProcessState::Waiting, 0).process("server", ProcessState::Forked, 0);
  built.process("server", ProcessState::Running, 0);
  ProcessReport report;
  report.process = "server";
  report.at = HistoryBuilder::at(kSecond);
  report.kind = ReportKind::Status;
  report.text = "serving";
  built.add(report);
  report.kind = ReportKind::Unhealthy;
  built.add(report);
  built.process("later", ProcessState::Waiting, 0);
  style_.processes = true;
  const std::string here = status_table({view("task-1", built)}, style_);
  Json json = history_json(built.history());
  EXPECT_NE(here.find("not healthy: 1 times in a row: se"), std::string::npos) << here;
  EXPECT_EQ(status_table({view_of(json)}, style_), here);
  json["backoff"]["shot"] = static_cast<double>(kBegin) / kSecond + 90;
  json["fatal"] = {"worker"};
  const std::string more = status_table({view_of(json)}, style_);
  EXPECT_NE(more.find("BACKOFF until 03:05:35"), std::string::npos) << more;
  EXPECT_NE(more.find("FATAL"), std::string::npos) << more;
  json["pools"] = Json::parse(R"([{"pool": "gpu", "size": 2, "used": 2,
      "used_by": [{"process": "server", "amount": 2}],
      "waiting": [{"process": "later", "amount": 1}, {"process": "last", "amount": 1}]},
      {"pool": "port", "used": 0, "used_by": [], "waiting": [{"process": "last", "amount": 1}]}])");
  const std::string lines = status_table({view_of(json)}, style_);
  EXPECT_NE(lines.find("\n  pool gpu: 2 of 2 used, by server (2); waiting: later, last\n"
                       "  pool port: the daemon's; used by nobody; waiting: last\n"),
            std::string::npos)
      << lines;
  const Json hurt = Json::parse(R"({"task_id": "hurt", "error": "bad", "state": "ACTIVE"})");
  EXPECT_NE(status_table({view_of(hurt)}, style_).find("hurt  ?"), std::string::npos);
}

TEST_F(StatusText, WhatIsTooLongIsCutButNeverAnId) {
  const std::string id(200, 'i');
  HistoryBuilder built(id, "/" + std::string(200, 's'));
  built.run("日本語の長いプロセス名前です", ProcessState::Failed, 0, 1, 1, std::string(300, 'r'));
  built.run(std::string(20, 'n'), ProcessState::Lost, 0, 1, 0, "\x1b[2J");
  style_.processes = true;
  for (const std::size_t columns : {40U, 80U, 100U, 200U}) {
    style_.columns = columns;
    const std::string text = status_table({view(id, built)}, style_);
    EXPECT_NE(text.find(id), std::string::npos);
    expect_fits(text.substr(text.find("  PROCESS")), columns);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
}

TEST_F(StatusText, TheErrorOfATaskThatCantBeReadIsWhole) {
  TaskView hurt;
  hurt.entry = {"hurt", TaskDirectory::Finished};
  hurt.error = "runner: offset 96: bad checksum";
  TaskView fresh;
  fresh.entry = {"fresh", TaskDirectory::Active};
  fresh.history.emplace();
  EXPECT_EQ(status_table({hurt, fresh}, style_),
            "2 tasks: 1 unreadable, 1 ACTIVE\n"
            "TASK   STATE       SINCE          TOOK  SANDBOX\n"
            "hurt   ?           -\n"
            "  runner: offset 96: bad checksum\n"
            "fresh  ACTIVE      -\n");
}

TEST_F(StatusText, JsonOfAHistory) {
  HistoryBuilder built;
  built.run("p", ProcessState::Killed, kSecond, 500'000, -9, "by someone");
  built.process("p", ProcessState::Waiting, 2 * kSecond);
  built.task(TaskState::Cleaning, 3 * kSecond, "asked");
  // Keys that are stable; there may be more.
  const Json expected = Json::parse(R"({
    "task_id": "task-1", "state": "CLEANING",
    "header": {"task_id": "task-1", "sandbox": "/box", "log_dir": "/box/.logs",
               "hostname": "host", "user": "someone", "uid": 7,
               "launch_time_ms": 1767323045678, "ports": {"http": 80}},
    "statuses": [
      {"state": "ACTIVE", "timestamp_ms": 1767323045678, "runner_pid": 11, "runner_uid": 7},
      {"state": "CLEANING", "timestamp_ms": 1767323048678, "runner_pid": 11, "runner_uid": 7,
       "reason": "asked"}],
    "processes": {"p": [
      {"run": 0, "seq": 3, "state": "KILLED", "coordinator_pid": 100,
       "fork_time": 1767323046.678901, "start_time": 1767323046.678901, "pid": 101,
       "stop_time": 1767323047.178901, "return_code": -9, "origin": "recorded",
       "reason": "by someone"},
      {"run": 1, "seq": 4, "state": "WAITING"}]}})");
  const Json json = history_json(built.history());
  expect_holds(json, expected, "");
  const Json& waiting = json["processes"]["p"][1];
  for (const char* unknown :
       {"coordinator_pid", "fork_time", "start_time", "pid", "stop_time", "return_code"}) {
    EXPECT_FALSE(waiting.contains(unknown)) << unknown;
  }
}

TEST_F(StatusText, JsonSurvivesBytesThatAreNotText) {
  HistoryBuilder built;
  built.run("p", ProcessState::Failed, 0, 0, 1, "bad \xff byte");
  EXPECT_TRUE(Json::accept(json_text(history_json(built.history()))));
}

TEST_F(StatusText, RecordsAsLines) {
  const HistoryBuilder built;
  ProcessStatus status = built.next("a b", ProcessState::Waiting, 0);
  EXPECT_EQ(record_text(status), "2026-01-02 03:04:05.678901 process a b run=0 seq=0 WAITING");
  status.state = ProcessState::Lost;
  status.origin = Origin::Reboot;
  status.reason = "gone";
  EXPECT_TRUE(record_text(status).ends_with("LOST origin=" + std::string(name_of(Origin::Reboot)) +
                                            " reason=gone"))
      << record_text(status);
  EXPECT_EQ(simple_record_text(status), "0 LOST a b 0");
  EXPECT_EQ(simple_record_text(TaskStatus()), "- ACTIVE");
  EXPECT_EQ(simple_record_text(RunnerHeader()), "");
}

}  // namespace
}  // namespace thermos
