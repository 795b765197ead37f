// When a runner asks whether a process is ready, and what it makes of the answers.
#include <gtest/gtest.h>

#include "runner_fixture.h"

namespace thermos {
namespace {

class Readiness : public RunnerFixture {
 protected:
  ProcessConfig& add_with_ready() {
    ProcessConfig& process = add("a");
    process.ready.emplace();
    process.ready->file = "up";
    process.ready->interval = 2 * kSecond;
    process.ready->within = 10 * kSecond;
    return process;
  }
  void run_a() {
    start();
    tell(wrote(0, 1, 0, State::Forked));
    EXPECT_TRUE(all<Probe>().empty());
    tell(wrote(0, 2, 0, State::Running));
  }
  void passes(Microseconds time) {
    now_ = later(now_, time);
    tell(TimerDue{});
  }
  void says(bool ready, const std::string& text = "No such file or directory") {
    tell(ProbeAnswered{0, runner_->past(0).current()->number, ready, text, Purpose::Ready});
  }
  std::vector<ProcessReport> reports() const {
    std::vector<ProcessReport> found;
    for (const Append& append : all<Append>()) {
      if (const auto* report = std::get_if<ProcessReport>(&append.record)) found.push_back(*report);
    }
    return found;
  }
  std::vector<ProcessOrder> orders() const {
    std::vector<ProcessOrder> found;
    for (const Append& append : all<Append>()) {
      if (const auto* order = std::get_if<ProcessOrder>(&append.record)) found.push_back(*order);
    }
    return found;
  }
};

TEST_F(Readiness, IsAskedFromRunningOnAndAgainAfterTheInterval) {
  add_with_ready();
  run_a();
  ASSERT_EQ(all<Probe>().size(), 1U);
  EXPECT_EQ(all<Probe>()[0].run, 0U);
  passes(5 * kSecond);
  EXPECT_TRUE(all<Probe>().empty()) << "the first question has no answer yet";
  says(false);
  EXPECT_EQ(all<Probe>().size(), 1U) << "the interval is over";
  passes(kSecond);
  says(false);
  EXPECT_TRUE(all<Probe>().empty());
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  passes(kSecond);
  EXPECT_EQ(all<Probe>().size(), 1U);
}

TEST_F(Readiness, IsAskedFromRunningOnWhereItCameDueBefore) {
  add_with_ready();
  start();
  tell(wrote(0, 1, 0, State::Forked));
  passes(2 * kSecond);  // a look at what it may have written unheard
  EXPECT_TRUE(all<Probe>().empty());
  tell(wrote(0, 2, 0, State::Running));
  EXPECT_EQ(all<Probe>().size(), 1U);
}

TEST_F(Readiness, IsRecordedOnceAndNotAskedAgain) {
  add_with_ready();
  run_a();
  says(true, "file up");
  ASSERT_EQ(reports().size(), 1U);
  EXPECT_EQ(reports()[0].kind, ReportKind::Ready);
  EXPECT_EQ(reports()[0].text, "file up");
  EXPECT_EQ(run(0).ready, now_);
  says(true);
  says(false);
  EXPECT_TRUE(effects_.empty());
  passes(100 * kSecond);
  EXPECT_TRUE(all<Probe>().empty() && all<Append>().empty()) << "its time is not over";
}

TEST_F(Readiness, OneThatIsNotReadyInTimeIsEndedAndHasFailed) {
  add_with_ready();
  run_a();
  says(false);
  passes(10 * kSecond - 10);
  says(false);
  EXPECT_TRUE(orders().empty());
  passes(10);
  ASSERT_EQ(orders().size(), 1U);
  EXPECT_EQ(orders()[0].verb, Verb::Fail);
  EXPECT_EQ(orders()[0].reason, "not ready within 10 s: file up: No such file or directory");
  EXPECT_EQ(all<Terminate>().size(), 1U);
  says(true);
  EXPECT_TRUE(reports().empty()) << "too late";
  tell(wrote(0, 3, 0, State::Killed));
  EXPECT_EQ(appended(0).front(), State::Failed);
  EXPECT_EQ(run(0).origin, Origin::EndedByRunner);
}

TEST_F(Readiness, MoreTimeIsNoReasonToAskAgainWhileAQuestionIsOnItsWay) {
  add_with_ready();
  run_a();
  ASSERT_EQ(all<Probe>().size(), 1U);
  passes(11 * kSecond);  // its time is over, and the question has no answer
  EXPECT_TRUE(orders().empty());
  const Microseconds until = now_.boot + 20 * kSecond;
  tell(CoordinatorReport{0, {"a", 0, ReportKind::Extended, now_, "", until}});
  EXPECT_TRUE(all<Probe>().empty());
  says(false);
  EXPECT_EQ(all<Probe>().size(), 1U);
  EXPECT_TRUE(orders().empty()) << "it has more time";
}

TEST_F(Readiness, NewsOfAnotherRunChangesNothing) {
  add_with_ready().max_failures = 0;
  task_.processes[0].min_duration = 0;
  run_a();
  tell(wrote(0, 3, 0, State::Failed));
  EXPECT_EQ(run(0).number, 1U);
  tell(ProbeAnswered{0, 0, true, "late", Purpose::Ready});
  EXPECT_TRUE(effects_.empty());
  tell(wrote(0, 5, 1, State::Forked));
  tell(wrote(0, 6, 1, State::Running));
  EXPECT_EQ(all<Probe>().size(), 1U) << "each run is asked";
}

// A history in which the only run of "a" is RUNNING since `before` ago.
class ReadinessAtResume : public Readiness {
 protected:
  void resume(Microseconds before, bool ready) {
    add_with_ready();
    recorded(TaskState::Active);
    for (const State state : {State::Waiting, State::Forked, State::Running}) {
      recorded("a", static_cast<std::uint64_t>(state), state);
    }
    if (ready) recorded(ProcessReport{"a", 0, ReportKind::Ready, now_, {}, 0});
    now_ = later(now_, before);
    start();
  }
};

TEST_F(ReadinessAtResume, WhatIsOnRecordIsNotAskedAgain) {
  resume(100 * kSecond, true);
  EXPECT_TRUE(all<Probe>().empty());
  passes(100 * kSecond);
  EXPECT_TRUE(all<Probe>().empty() && orders().empty());
}

TEST_F(ReadinessAtResume, TheTimeLeftIsKept) {
  resume(7 * kSecond, false);
  EXPECT_EQ(all<Probe>().size(), 1U);
  says(false);
  passes(2 * kSecond);
  EXPECT_TRUE(orders().empty());
  passes(kSecond);
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(ReadinessAtResume, OneWhoseTimeEndedMeanwhileIsAskedBeforeItFails) {
  resume(100 * kSecond, false);
  EXPECT_EQ(all<Probe>().size(), 1U);
  EXPECT_TRUE(orders().empty());
  says(true, "file up");
  EXPECT_EQ(reports().size(), 1U);
}

TEST_F(ReadinessAtResume, AndFailsThenIfItSaysNo) {
  resume(100 * kSecond, false);
  EXPECT_TRUE(orders().empty());
  says(false);
  tell(TimerDue{});
  EXPECT_EQ(orders().size(), 1U);
}

}  // namespace
}  // namespace thermos
