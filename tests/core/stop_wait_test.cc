// stop_wait: how long a run may take to end before it is killed.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/runner/runner.h"
#include "core/task/check_task.h"

namespace thermos {
namespace {

class StopWait : public ::testing::Test {
 protected:
  StopWait() {
    task_.name = "t";
    task_.finalization_wait = 30 * kSecond;
    for (const char* name : {"quick", "slow", "last"}) {
      ProcessConfig& process = task_.processes.emplace_back();
      process.name = name;
      process.cmdline = "true";
    }
    task_.processes[0].stop_wait = 2 * kSecond;
    task_.processes[2].stop_wait = 2 * kSecond;
    task_.processes[2].final = true;
  }

  void start() {
    graph_ = *check_task(task_);
    lead(History());
  }
  void lead(History history) {
    runner_.emplace(task_, graph_, std::move(history));
    Lead lead;
    lead.header.task_id = "t";
    handle(lead);
    handle(TimerDue{});
  }
  // Another runner takes over.
  void resume() {
    History history = runner_->history();
    lead(std::move(history));
  }
  void handle(const Event& event) {
    const auto effects = runner_->handle(event, {now_, now_});
    ASSERT_TRUE(effects.ok()) << effects.error().message;
    told_.clear();
    timer_.reset();
    for (const Effect& effect : *effects) {
      if (const auto* term = std::get_if<Terminate>(&effect)) told_ += said("TERM", term->process);
      if (const auto* kill = std::get_if<Kill>(&effect)) told_ += said("KILL", kill->process);
      if (const auto* timer = std::get_if<SetTimer>(&effect)) timer_ = timer->at;
    }
  }
  std::string said(const std::string& what, ProcessIndex p) const {
    return (told_.empty() ? "" : " ") + what + "-" + task_.processes[p].name;
  }
  void record(ProcessIndex p, ProcessState state) {
    ProcessStatus status;
    status.process = task_.processes[p].name;
    status.seq = runner_->past(p).next_seq;
    status.run = runner_->past(p).current()->number;
    status.state = state;
    status.at = {now_, now_};
    handle(CoordinatorRecord{p, status});
  }
  void runs(ProcessIndex p) {
    record(p, ProcessState::Forked);
    record(p, ProcessState::Running);
  }
  void ends(ProcessIndex p) { record(p, ProcessState::Killed); }
  std::string at(Microseconds seconds) {
    now_ = seconds * kSecond;
    handle(TimerDue{});
    return told_;
  }

  TaskConfig task_;
  Graph graph_;
  std::optional<Runner> runner_;
  std::string told_;  // by the last event
  std::optional<Microseconds> timer_;
  Microseconds now_ = 1000 * kSecond;
};

TEST_F(StopWait, AtTheTasksEndEachHasItsOwn) {
  start();
  runs(0);
  runs(1);
  handle(KillRequest{});
  EXPECT_EQ(told_, "TERM-quick TERM-slow");
  EXPECT_EQ(timer_, 1002 * kSecond);
  EXPECT_EQ(at(1001), "");
  EXPECT_EQ(at(1002), "KILL-quick");
  EXPECT_EQ(at(1029), "");
  EXPECT_EQ(at(1030), "KILL-slow") << "the task's own end";
}

TEST_F(StopWait, NeverOutlastsTheTasksEnd) {
  task_.processes[0].stop_wait = 60 * kSecond;
  start();
  runs(0);
  runs(1);
  handle(KillRequest{});
  EXPECT_EQ(at(1030), "KILL-quick KILL-slow");
}

TEST_F(StopWait, OfAnOrder) {
  start();
  runs(0);
  runs(1);
  handle(OrderRequest{"quick", Verb::Stop, std::nullopt, ""});
  handle(OrderRequest{"slow", Verb::Stop, std::nullopt, ""});
  EXPECT_EQ(at(1002), "KILL-quick");
  EXPECT_EQ(at(1030), "KILL-slow");
}

TEST_F(StopWait, AnOrdersOwnWaitGoesBeforeIt) {
  start();
  runs(0);
  handle(OrderRequest{"quick", Verb::Restart, 10 * kSecond, ""});
  EXPECT_EQ(at(1002), "");
  EXPECT_EQ(at(1010), "KILL-quick");
}

TEST_F(StopWait, AnEarlierOrderIsNotPutOff) {
  start();
  runs(0);
  handle(OrderRequest{"quick", Verb::Stop, std::nullopt, ""});
  now_ += kSecond;
  handle(KillRequest{});
  EXPECT_EQ(at(1002), "KILL-quick");
}

TEST_F(StopWait, TheEndOfTheTaskComesBeforeALaterOrder) {
  start();
  runs(0);
  handle(OrderRequest{"quick", Verb::Stop, 100 * kSecond, ""});
  now_ += kSecond;
  handle(KillRequest{});
  EXPECT_EQ(at(1003), "KILL-quick");
}

TEST_F(StopWait, AResumeNeitherForgetsItNorBeginsAnew) {
  start();
  runs(0);
  runs(1);
  handle(KillRequest{});
  now_ = 1001 * kSecond;
  resume();
  EXPECT_EQ(at(1001), "");
  EXPECT_EQ(at(1002), "KILL-quick");
  resume();
  EXPECT_NE(at(1002), "TERM-quick") << "its time is over";
}

TEST_F(StopWait, OneThatIsForkedLateHasNoMore) {
  start();
  handle(KillRequest{});
  now_ = 1001 * kSecond;
  record(0, ProcessState::Forked);
  EXPECT_EQ(told_, "TERM-quick");
  EXPECT_EQ(at(1002), "KILL-quick");
}

TEST_F(StopWait, OneThatEndsIsNotKilled) {
  start();
  runs(0);
  runs(1);
  handle(KillRequest{});
  ends(0);
  EXPECT_EQ(at(1002), "");
}

TEST_F(StopWait, AFinalizerHasItsOwnWhenTheTaskIsLost) {
  start();
  runs(0);
  runs(1);
  handle(KillRequest{});
  ends(0);
  ends(1);
  now_ = 1010 * kSecond;
  runs(2);
  KillRequest lose;
  lose.lose = true;
  lose.wait = 15 * kSecond;
  handle(lose);
  EXPECT_EQ(told_, "TERM-last");
  EXPECT_EQ(at(1011), "");
  EXPECT_EQ(at(1012), "KILL-last");
}

}  // namespace
}  // namespace thermos
