// The daemon removes tasks that have ended, by its settings.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/record/retention.h"
#include "daemon_fixture.h"
#include "past_task.h"
#include "reactor/os/clocks.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;

class DaemonRetention : public DaemonFixture {
 protected:
  void SetUp() override {
    DaemonFixture::SetUp();
    make_past_directories(paths());
    fs::create_directories(path("root/sandboxes"));
    fs::create_directories(path("root/logs"));
  }
  // A task that ended at that time, with a sandbox as the daemon makes one.
  void put(const std::string& id, Microseconds ended) const {
    const std::string sandbox = paths().default_sandbox(id);
    put_in(sandbox, id, ended);
    fs::create_directories(sandbox + "/.logs/p/0");
    std::ofstream(sandbox + "/file") << std::string(10'000, 'x');
  }
  void put_in(const std::string& sandbox, const std::string& id, Microseconds ended) const {
    put_past_task(paths(), {.id = id, .uid = geteuid(), .sandbox = sandbox, .ended = ended});
  }
  void settle(const std::string& settings) const { std::ofstream(path("settings")) << settings; }
  void start_with(const std::string& settings) {
    settle(settings);
    start({"--config", path("settings")});
  }
  // The ids of the tasks that have ended, as a client is told; each must have all its files.
  std::vector<std::string> told() const {
    control::AskList list;
    std::vector<std::string> ids;
    for (const auto& reply : ask(list)) {
      if (const auto* task = std::get_if<control::TaskEntry>(&reply)) ids.push_back(task->task_id);
    }
    return ids;
  }
  // The names in tasks/finished, in checkpoints and in sandboxes; all the same.
  std::vector<std::string> on_disk() const {
    std::vector<std::string> first;
    for (const std::string& directory :
         {paths().finished_dir(), paths().checkpoints_dir(), path("root/sandboxes")}) {
      std::vector<std::string> names;
      for (const auto& entry : fs::directory_iterator(directory)) {
        names.push_back(entry.path().filename());
      }
      std::sort(names.begin(), names.end());
      if (directory == paths().finished_dir()) first = names;
      EXPECT_EQ(names, first) << directory;
    }
    return first;
  }
  std::size_t finished_files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(paths().finished_dir()), fs::directory_iterator()));
  }
  using Ids = std::vector<std::string>;
};

TEST_F(DaemonRetention, ByItselfItRemovesNothing) {
  put("a", kSecond);
  start();
  EXPECT_EQ(told(), Ids{"a"});
  EXPECT_EQ(on_disk(), Ids{"a"});
}

TEST_F(DaemonRetention, AtItsStartItRemovesWhatIsTooMany) {
  for (int i = 0; i < 5; ++i) put("t" + std::to_string(i), (i + 1) * kSecond);
  start_with("keep_tasks: 2");
  ASSERT_TRUE(until_logged("removed 3 tasks that had ended; 2 kept"));
  EXPECT_EQ(told(), (Ids{"t3", "t4"}));
  EXPECT_EQ(on_disk(), (Ids{"t3", "t4"}));
}

TEST_F(DaemonRetention, BytesAreCountedFromTheLatest) {
  for (int i = 0; i < 3; ++i) put("t" + std::to_string(i), (i + 1) * kSecond);
  start_with("keep_bytes: 1000");
  ASSERT_TRUE(until_logged("removed 3 tasks that had ended, "));
  EXPECT_EQ(on_disk(), Ids{});
}

TEST_F(DaemonRetention, ASandboxThatAnotherTaskUsesStays) {
  put("job-2", kSecond);
  // An id that the other's begins with.
  put_in(paths().default_sandbox("job-2"), "job", 2 * kSecond);
  start_with("keep_tasks: 1");
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 1 kept"));
  EXPECT_EQ(told(), Ids{"job"});
  EXPECT_TRUE(fs::exists(paths().default_sandbox("job-2") + "/file"));
}

TEST_F(DaemonRetention, TheLastThatUsesASandboxTakesItAlong) {
  const std::string sandbox = paths().default_sandbox("gone");
  fs::create_directories(sandbox);
  std::ofstream(sandbox + "/file") << "x";
  put_in(sandbox, "one", kSecond);
  put_in(sandbox, "two", 2 * kSecond);
  fs::last_write_time(sandbox, fs::file_time_type::clock::now() - std::chrono::hours(2));
  start_with("keep_tasks: 1");
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 1 kept"));
  EXPECT_TRUE(fs::exists(sandbox + "/file"));
  const auto refusal = refused(submission("gone", one("true")));
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->message.find("another task uses " + sandbox), std::string::npos);
  settle("keep_tasks: 0");
  signal(SIGHUP);
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 0 kept"));
  EXPECT_EQ(on_disk(), Ids{});
}

TEST_F(DaemonRetention, WhenATaskEndsAnOlderOneGoes) {
  put("old", kSecond);
  put("older", kSecond / 2);
  start_with("keep_tasks: 2");
  EXPECT_EQ(told(), (Ids{"old", "older"}));
  submit("young", one("true"));
  EXPECT_EQ(state_at_end("young"), "SUCCESS");
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 2 kept"));
  EXPECT_EQ(told(), (Ids{"old", "young"}));
  // Those that ended within the hour stay, however many there are.
  submit("younger", one("true"));
  submit("youngest", one("true"));
  EXPECT_EQ(state_at_end("younger"), "SUCCESS");
  EXPECT_EQ(state_at_end("youngest"), "SUCCESS");
  while (fs::exists(paths().finished_task("old"))) ASSERT_FALSE(refused(control::AskVersion{}));
  EXPECT_EQ(told(), (Ids{"young", "younger", "youngest"}));
}

TEST_F(DaemonRetention, ATaskIsJudgedByItsOwnEndNotByThatOfAnEarlierOne) {
  put("oldest", kSecond);
  put("again", 2 * kSecond);
  put("old", 3 * kSecond);
  start_with("keep_tasks: 2");
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 2 kept"));
  // Someone removes one, and another has its id and ends.
  ASSERT_EQ(unlink(paths().finished_task("again").c_str()), 0);
  EXPECT_EQ(told(), Ids{"old"});
  put("again", 4 * kSecond);
  EXPECT_EQ(told(), (Ids{"again", "old"}));
  submit("last", one("true"));
  EXPECT_EQ(state_at_end("last"), "SUCCESS");
  while (fs::exists(paths().finished_task("old")) && fs::exists(paths().finished_task("again"))) {
    ASSERT_FALSE(refused(control::AskVersion{}));
  }
  EXPECT_EQ(told(), (Ids{"again", "last"}));
}

TEST_F(DaemonRetention, AReloadUsesOtherRules) {
  put("a", kSecond);
  start_with("keep_tasks: 5");
  EXPECT_EQ(told(), Ids{"a"});
  settle("keep_days: 30");
  signal(SIGHUP);
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 0 kept"));
  EXPECT_EQ(on_disk(), Ids{});
}

TEST_F(DaemonRetention, OneGoesWhenItsTimeHasCome) {
  const Microseconds now = read_clocks().wall;
  put("soon", now - kYoung + 3 * kSecond);
  put("later", now);
  start_with("keep_tasks: 0");
  EXPECT_EQ(told(), (Ids{"later", "soon"}));
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 1 kept"));
  EXPECT_EQ(on_disk(), Ids{"later"});
}

TEST_F(DaemonRetention, OthersAreServedWhileManyAreRemoved) {
  constexpr int kTasks = 400;
  for (int i = 0; i < kTasks; ++i) put("t" + std::to_string(i), kSecond);
  start_with("keep_tasks: 0");
  int answers = 0;
  for (std::size_t left = kTasks; left > 0; left = finished_files()) {
    ASSERT_FALSE(refused(control::AskVersion{}));
    if (left < kTasks) ++answers;
    if (answers == 3) {
      submit("between", one("true"));
      EXPECT_EQ(state_at_end("between"), "SUCCESS");
      EXPECT_GT(finished_files(), 1U) << "all were removed before another task could run";
      break;
    }
  }
  EXPECT_EQ(answers, 3);
  ASSERT_TRUE(until_logged("removed 400 tasks that had ended"));
  EXPECT_EQ(on_disk(), Ids{"between"});
}

TEST_F(DaemonRetention, WhatADeathInterruptsTheNextOneCompletes) {
  constexpr std::size_t kTasks = 300;
  for (std::size_t i = 0; i < kTasks; ++i) put("t" + std::to_string(i), kSecond);
  start_with("keep_tasks: 0");
  while (finished_files() == kTasks) ASSERT_FALSE(refused(control::AskVersion{}));
  kill_daemon();
  start({"--config", path("settings")});
  ASSERT_TRUE(until_logged("that had ended; 0 kept"));
  EXPECT_EQ(on_disk(), Ids{});
}

TEST_F(DaemonRetention, TheManyLogsOfOneTaskHoldUpNobody) {
  constexpr int kRuns = 3000;
  const std::string sandbox = path("sandbox");
  put_in(sandbox, "t", kSecond);
  for (int run = 0; run < kRuns; ++run) {
    const std::string logs = sandbox + "/.logs/p/" + std::to_string(run);
    fs::create_directories(logs);
    std::ofstream(logs + "/stdout") << "x";
  }
  const auto left = [&] {
    std::error_code gone;
    return std::distance(fs::directory_iterator(sandbox + "/.logs/p", gone),
                         fs::directory_iterator());
  };
  start_with("keep_tasks: 0");
  int answers = 0;
  for (auto runs = left(); runs > 0; runs = left()) {
    ASSERT_FALSE(refused(control::AskVersion{}));
    if (runs < kRuns) ++answers;
  }
  EXPECT_GT(answers, 1) << "all were removed before a client was answered";
  ASSERT_TRUE(until_logged("removed 1 task that had ended"));
  EXPECT_FALSE(fs::exists(sandbox + "/.logs"));
  EXPECT_TRUE(fs::exists(sandbox));
}

TEST_F(DaemonRetention, AnIdWhoseFileWasDeletedIsFree) {
  start();
  submit("t", one("echo old > file"));
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  ASSERT_EQ(unlink(paths().finished_task("t").c_str()), 0);
  submit("t", one("test ! -e file && test ! -e .logs/p/1"));
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
}

// Another user's task is removed with the daemon's rights, and nothing else of theirs is.
TEST_F(DaemonRetention, ASandboxThatItsUserMadeATrapIsRemovedAlone) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
  fs::create_directories(path("precious"));
  std::ofstream(path("precious/file")) << "x";
  put("t", kSecond);
  const std::string sandbox = paths().default_sandbox("t");
  fs::create_directory_symlink(path("precious"), sandbox + "/link");
  fs::remove_all(sandbox + "/.logs");
  fs::create_directory_symlink(path("precious"), sandbox + "/.logs");
  for (const auto& entry : fs::recursive_directory_iterator(sandbox)) {
    ASSERT_EQ(lchown(entry.path().c_str(), kNobody, kNobody), 0);
  }
  ASSERT_EQ(chown(sandbox.c_str(), kNobody, kNobody), 0);
  start_with("keep_days: 1");
  ASSERT_TRUE(until_logged("removed 1 task that had ended; 0 kept"));
  EXPECT_EQ(on_disk(), Ids{});
  EXPECT_TRUE(fs::exists(path("precious/file")));
}

}  // namespace
}  // namespace thermos
