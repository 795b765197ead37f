// The live block: how far a task is, on screens of all sizes.
#include "reactor/show/live_block.h"

#include <gtest/gtest.h>

#include "built_history.h"
#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

using testing::HistoryBuilder;
using testing::kBegin;
using testing::kBoot;
using Lines = std::vector<std::string>;

class LiveBlock : public ::testing::Test {
 protected:
  LiveBlock() {
    for (const char* name : {"fetch", "build", "a-process-with-a-name-that-is-long-日本語の名前"}) {
      add(name);
    }
  }

  ProcessConfig& add(const std::string& name) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    return process;
  }
  void start(const std::string& name, Microseconds at) {
    for (const ProcessState state :
         {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running}) {
      built_.process(name, state, at);
    }
  }
  Lines at(Microseconds after, std::size_t columns, std::size_t rows = 24) const {
    RunProgress progress(task_);
    progress.begin(built_.history(), {kBegin, kBoot});
    return live_block(progress, HistoryBuilder::at(after), {columns, rows}, style_);
  }

  TaskConfig task_;
  HistoryBuilder built_;
  LineStyle style_;
};

TEST_F(LiveBlock, NamesWhatRunsAndForHowLong) {
  built_.run("fetch", ProcessState::Success, 0, kSecond, 0);
  start("build", kSecond);
  EXPECT_EQ(at(66 * kSecond, 40),
            (Lines{"[=====-----------]  1/3 done, 1 running", "  build  1m05s"}));
  EXPECT_EQ(at(3'999'999, 80),
            (Lines{"[" + std::string(13, '=') + std::string(27, '-') + "]  1/3 done, 1 running",
                   "  build  2 s"}));
}

TEST_F(LiveBlock, SaysWhenWhatFailedIsTriedAgainAndWhichAttemptRuns) {
  task_.processes[0].max_failures = 5;
  task_.processes[0].min_duration = 10 * kSecond;
  built_.run("fetch", ProcessState::Failed, 0, kSecond, 1);
  EXPECT_EQ(at(2 * kSecond, 40),
            (Lines{"0/3 done, 0 running, 1 to retry", "  fetch  next in 9 s, attempt 2/5"}));
  start("fetch", 11 * kSecond);
  EXPECT_EQ(at(11 * kSecond, 30), (Lines{"0/3 done, 1 running", "  fetch  0 s, attempt 2/5"}));
}

TEST_F(LiveBlock, AFinalizerThatRunsIsSaidToRun) {
  add("clean").final = true;
  built_.run("fetch", ProcessState::Success, 0, kSecond, 0);
  for (const TaskState state : {TaskState::Cleaning, TaskState::Finalizing}) {
    TaskStatus status;
    status.state = state;
    status.at = HistoryBuilder::at(kSecond);
    status.deadline = HistoryBuilder::at(31 * kSecond);
    built_.add(status);
  }
  start("clean", kSecond);
  EXPECT_EQ(at(3 * kSecond, 30),
            (Lines{"finalizing; SIGKILL in 28 s", "1/4 done, 1 running", "  clean  2 s"}));
}

TEST_F(LiveBlock, SaysWhatCtrlCDoesOnEveryWidth) {
  start("build", 0);
  TaskStatus status;
  status.state = TaskState::Cleaning;
  status.at = HistoryBuilder::at(0);
  status.deadline = HistoryBuilder::at(30 * kSecond);
  status.goal = TaskState::Killed;
  status.reason = "SIGINT";
  built_.add(status);
  EXPECT_EQ(at(0, 80)[0], "stopping; SIGKILL in 30 s; Ctrl-C again kills now");
  EXPECT_EQ(at(kSecond, 40)[0], "SIGKILL in 29 s; Ctrl-C again kills now");
  EXPECT_EQ(at(30 * kSecond, 80)[0], "killing what runs");
}

TEST_F(LiveBlock, FitsEveryScreen) {
  for (int i = 0; i < 100; ++i) {
    const std::string name =
        "p" + std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x');
    add(name);
    start(name, i);
  }
  start("a-process-with-a-name-that-is-long-日本語の名前", 0);
  for (const bool colour : {false, true}) {
    style_.colour = colour;
    for (std::size_t columns = 3; columns < 201; ++columns) {
      for (const std::size_t rows : {1U, 5U, 10U, 24U, 100U}) {
        const Lines lines = at(5 * kSecond, columns, rows);
        EXPECT_LE(lines.size(), std::max<std::size_t>(rows / 2, 2));
        // cut_line() leaves a line alone that fits.
        for (const std::string& line : lines) EXPECT_EQ(cut_line(line, columns - 1), line);
      }
    }
  }
  style_.colour = false;
  EXPECT_EQ(at(5 * kSecond, 80).back(), "  and 92 more");
}

TEST_F(LiveBlock, TellsATimeLeftOnlyWhereThereIsAPace) {
  const auto left = [&] {
    RunProgress progress(task_);
    progress.begin(built_.history(), {kBegin, kBoot});
    for (int i = 0; i < 20; ++i) {
      const std::string name = "q" + std::to_string(i);
      built_.run(name, ProcessState::Success, i * kSecond, kSecond, 0);
      progress.update(name, built_.history());
    }
    return progress.time_left(HistoryBuilder::at(20 * kSecond));
  };
  task_.processes.clear();
  for (int i = 0; i < 20; ++i) add("q" + std::to_string(i));
  EXPECT_EQ(left(), std::nullopt);  // none is left
  built_ = HistoryBuilder();
  for (int i = 20; i < 50; ++i) add("q" + std::to_string(i));
  EXPECT_EQ(left(), 30 * kSecond);
}

TEST_F(LiveBlock, TellsTheTimeLeftThatEarlierRunsTell) {
  task_.processes.clear();
  add("a");
  RunProgress progress(task_);
  progress.begin(built_.history(), {kBegin, kBoot});
  const auto left = [&](Microseconds after) {
    return progress.time_left(HistoryBuilder::at(after));
  };
  progress.expect_end(kBoot + 200 * kSecond);
  EXPECT_EQ(left(5 * kSecond), 195 * kSecond);
  const auto lines = live_block(progress, HistoryBuilder::at(5 * kSecond), {200, 24}, style_);
  EXPECT_TRUE(lines.front().ends_with("about 3m15s left")) << lines.front();
  // It takes longer than ever.
  EXPECT_EQ(left(200 * kSecond), std::nullopt);
  progress.expect_end(std::nullopt);
  EXPECT_EQ(left(5 * kSecond), std::nullopt);
}

TEST_F(LiveBlock, ChangesByTheSecondWhileATimeIsShown) {
  RunProgress progress(task_);
  progress.begin(built_.history(), {kBegin, kBoot});
  EXPECT_EQ(live_block_changes_at(progress, {kBegin, kBoot + 1}), std::nullopt);
  start("build", 0);
  progress.update("build", built_.history());
  EXPECT_EQ(live_block_changes_at(progress, {kBegin, kBoot + 1}), kBoot + kSecond);
  EXPECT_EQ(live_block_changes_at(progress, {kBegin, kBoot + kSecond}), kBoot + 2 * kSecond);
}

}  // namespace
}  // namespace thermos
