// What is said of a task's past: where a state came from, runs that were compacted away, who led.
#include "reactor/commands/task_inspection.h"

#include <gtest/gtest.h>

#include <string>

#include "built_history.h"
#include "reactor/show/fsck_text.h"
#include "reactor/show/status_table.h"
#include "reactor/show/task_text.h"

namespace thermos::testing {
namespace {

constexpr BootId kThisBoot{0x1122334455667788, 0x99aabbccddeeff00};

// One whose last run ended as said, for the reason given.
HistoryBuilder ended(Origin origin, std::string_view reason) {
  HistoryBuilder built;
  built.process("p", ProcessState::Waiting, 0).process("p", ProcessState::Forked, 0);
  ProcessStatus last = built.next("p", ProcessState::Lost, kSecond);
  last.origin = origin;
  last.reason = reason;
  built.add(last);
  return built;
}

std::string row_of(const History& history) {
  TaskView view;
  view.entry = {"task-1", TaskDirectory::Active};
  view.history = history;
  TableStyle style;
  style.processes = true;
  style.now = kBegin + 60 * kSecond;
  style.columns = 120;
  const std::string table = status_table({view}, style);
  const std::size_t row = table.find("  p ");
  return row == std::string::npos ? table : table.substr(row, table.find('\n', row) - row);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.ends_with(end);
}

TEST(Origins, AreTheReasonWhereThereIsNoOther) {
  EXPECT_TRUE(ends_with(row_of(ended(Origin::Reboot, "").history()), " lost by reboot"));
  EXPECT_TRUE(ends_with(row_of(ended(Origin::FoundAtResume, "").history()), " found at resume"));
  EXPECT_FALSE(row_of(ended(Origin::Recorded, "").history()).find("recorded") != std::string::npos);
}

TEST(Origins, AreSaidBesideAReason) {
  const std::string row = row_of(ended(Origin::FoundAtResume, "no such file").history());
  EXPECT_TRUE(ends_with(row, " found at resume: no such file")) << row;
  const std::string gone =
      row_of(ended(Origin::CoordinatorGone, "its coordinator vanished").history());
  EXPECT_TRUE(ends_with(gone, " coordinator vanished")) << gone;
  const std::string plain = row_of(ended(Origin::Recorded, "no such file").history());
  EXPECT_TRUE(ends_with(plain, " no such file")) << plain;
}

TEST(Origins, AreInTheJsonOfEveryRun) {
  const Json json = history_json(ended(Origin::Reboot, "").history());
  EXPECT_EQ(json["processes"]["p"][0]["origin"], "lost by reboot");
  EXPECT_EQ(history_json(ended(Origin::Recorded, "").history())["processes"]["p"][0]["origin"],
            "recorded");
}

History compacted() {
  HistoryBuilder built;
  for (int run = 0; run < 9; ++run) {
    built.run("p", run == 2 ? ProcessState::Failed : ProcessState::Success, run * kSecond, 10, 0);
  }
  History history = built.history();
  history.drop_old(2);
  return history;
}

TEST(Compacted, RunsAreCountedAll) {
  const History history = compacted();
  EXPECT_NE(row_of(history).find(" 9 SUCCESS"), std::string::npos) << row_of(history);
  const Json json = history_json(history);
  EXPECT_EQ(json["processes"]["p"].size(), 2U);
  EXPECT_EQ(json["totals"]["p"], (Json{{"success", 8}, {"failed", 1}, {"killed", 0}, {"lost", 0}}));
}

TEST(Compacted, AreInspectedWithWhatIsLeft) {
  TaskInspection task;
  task.entry = {"task-1", TaskDirectory::Finished};
  task.history = compacted();
  const std::string text = inspection_text(task);
  EXPECT_NE(text.find("  p: 9 runs (8 SUCCESS, 1 FAILED), run 2 failed first\n"
                      "    7 older runs compacted away\n"
                      "    run 7 SUCCESS"),
            std::string::npos)
      << text;
  const Json json = inspection_json(task);
  EXPECT_EQ(json["process_details"]["p"]["runs"], 9);
  EXPECT_EQ(json["process_details"]["p"]["kept_runs"], 2);
  EXPECT_EQ(json["process_details"]["p"]["first_failed"], 2);
  EXPECT_EQ(json["last_update_ms"], (kBegin + 8 * kSecond + 10) / 1000);
}

TEST(Runners, EachThatLedAndNoOther) {
  HistoryBuilder built;  // the first, pid 11
  const auto add = [&](TaskState state, std::int32_t pid, Microseconds after,
                       std::string_view reason = "") {
    TaskStatus status;
    status.state = state;
    status.at = HistoryBuilder::at(after);
    status.runner_pid = pid;
    status.runner_uid = 7;
    status.boot = kThisBoot;
    status.reason = reason;
    built.add(status);
  };
  add(TaskState::Active, 12, 10);
  add(TaskState::Active, 12, 20);  // the same number, another runner
  add(TaskState::Cleaning, 12, 30, "killed");
  add(TaskState::Cleaning, 12, 40, "killed at once");  // still the same runner
  add(TaskState::Cleaning, 13, 50);
  add(TaskState::Success, 13, 60);
  const std::vector<RunnerSpan> runners = runners_of(built.history());
  std::vector<std::pair<std::int32_t, Microseconds>> seen;
  for (const RunnerSpan& runner : runners) seen.emplace_back(runner.pid, runner.from - kBegin);
  EXPECT_EQ(seen, (std::vector<std::pair<std::int32_t, Microseconds>>{
                      {11, 0}, {12, 10}, {12, 20}, {13, 50}}));
  EXPECT_EQ(runners[2].last, kBegin + 40);

  TaskInspection task;
  task.entry.id = "task-1";
  task.history = built.history();
  task.led = true;
  task.leader = 13;
  const Json json = inspection_json(task);
  ASSERT_EQ(json["runners"].size(), 4U);
  EXPECT_EQ(json["runners"][3]["boot"], "11223344-5566-7788-99aa-bbccddeeff00");
  EXPECT_EQ(json["leader_pid"], 13);
  EXPECT_NE(inspection_text(task).find("task task-1: SUCCESS, led by pid 13\n"), std::string::npos);
}

TEST(FsckText, AFindingIsOneLine) {
  Finding finding;
  finding.severity = Severity::Warning;
  finding.task_id = "t\n";
  finding.file = "/root/\x1b[2J";
  finding.offset = 24;
  finding.what = "torn\tup";
  finding.advice = "mend it";
  EXPECT_EQ(finding_text(finding), "warning: t\\n: /root/\\x1b[2J: offset 24: torn\\tup; mend it");
  finding.did = "not repaired: no";
  EXPECT_EQ(finding_text(finding),
            "warning: t\\n: /root/\\x1b[2J: offset 24: torn\\tup; not repaired: no");
  finding.did = "mended it";
  finding.repaired = true;
  finding.offset.reset();
  EXPECT_EQ(finding_text(finding), "warning: t\\n: /root/\\x1b[2J: torn\\tup; repaired: mended it");
}

// A key without words of its own is shown by its name, and only where it is not at its default.
TEST(TaskText, LeavesNoKeyOut) {
  TaskConfig task;
  task.name = "t";
  EXPECT_EQ(task_text(task).find("nodes"), std::string::npos);
  task.nodes.emplace().by = "ssh:a,b";
  task.processes.resize(1);
  ProcessConfig& process = task.processes.front();
  process.name = "p";
  process.cmdline = "true";
  EXPECT_EQ(settings_text(process), "");
  process.on = "same-as q\x1b";
  EXPECT_EQ(settings_text(process), "on same-as q\\x1b");
  const std::string text = task_text(task);
  EXPECT_NE(text.find(R"(nodes {"by": "ssh:a,b")"), std::string::npos) << text;
  EXPECT_NE(text.find("p  [on same-as q"), std::string::npos) << text;
}

TEST(FsckText, WhatItAddsUpTo) {
  RootReport report;
  report.tasks = 2;
  report.streams = 1;
  report.records = 7;
  EXPECT_EQ(report_text(report), "2 tasks, 1 stream, 7 records: clean");
  report.findings.resize(3);
  report.findings[1].severity = Severity::Error;
  report.findings[2].severity = Severity::Warning;
  EXPECT_TRUE(report.remains());
  report.findings[1].repaired = report.findings[2].repaired = true;
  EXPECT_FALSE(report.remains());
  EXPECT_EQ(report_text(report),
            "2 tasks, 1 stream, 7 records: 0 errors, 0 warnings, 1 note, 2 repaired");
  const Json json = report_json(report);
  EXPECT_EQ(json["findings"].size(), 3U);
  EXPECT_EQ(json["findings"][1]["severity"], "error");
  EXPECT_FALSE(json["findings"][0].contains("offset"));
}

}  // namespace
}  // namespace thermos::testing
