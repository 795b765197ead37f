// A run that takes longer than its timeout: what is recorded, when, and that a resume keeps the
// time.
#include "core/runner/timeouts.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "runner_fixture.h"

namespace thermos {
namespace {

class TimeoutsTest : public RunnerFixture {
 protected:
  void SetUp() override {
    ProcessConfig& process = add("p");
    process.max_failures = 2;
    process.timeout = 30 * kSecond;
  }
  // Its first run is RUNNING since `now_`.
  void run_it() {
    start();
    tell(wrote(0, 1, 0, State::Forked));
    tell(wrote(0, 2, 0, State::Running));
    started_ = now_.boot - 1;  // the record is of the moment before it was told
  }
  void pass(Microseconds time) { now_ = later(now_, time); }
  // What comes when the runner's timer is due.
  void timer_at(Microseconds boot) {
    pass(boot - now_.boot - 1);
    tell(TimerDue{});
  }
  std::vector<ProcessOrder> orders() const {
    std::vector<ProcessOrder> found;
    for (const Append& append : all<Append>()) {
      if (const auto* order = std::get_if<ProcessOrder>(&append.record)) found.push_back(*order);
    }
    return found;
  }
  Microseconds limit() const { return started_ + 30 * kSecond; }

  Microseconds started_ = 0;
};

TEST_F(TimeoutsTest, EndsTheRunWhenItsTimeIsOverAndNotBefore) {
  run_it();
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  EXPECT_EQ(all<SetTimer>()[0].at, limit());
  timer_at(limit() - 1);
  EXPECT_TRUE(orders().empty());
  timer_at(limit());
  ASSERT_EQ(orders().size(), 1U);
  EXPECT_EQ(orders()[0].verb, Verb::Fail);
  EXPECT_EQ(orders()[0].reason, "timed out after 30 s");
  EXPECT_EQ(orders()[0].deadline, later(now_, 30 * kSecond));
  ASSERT_EQ(effects_.size(), 3U);
  EXPECT_TRUE(std::get<Append>(effects_[0]).durable) << "on the disk before the signal";
  EXPECT_TRUE(std::holds_alternative<Terminate>(effects_[1]));
  timer_at(now_.boot + 30 * kSecond);
  EXPECT_EQ(all<Kill>().size(), 1U) << "it does not end by SIGTERM";
}

TEST_F(TimeoutsTest, ItHasFailedHoweverItEndsThen) {
  run_it();
  timer_at(limit());
  CoordinatorRecord end = wrote(0, 3, 0, State::Success);
  end.status.return_code = 0;
  tell(end);
  EXPECT_EQ(run(0).state, State::Failed);
  EXPECT_EQ(run(0).origin, Origin::EndedByRunner);
  EXPECT_EQ(run(0).reason, "timed out after 30 s");
  EXPECT_EQ(run(0).return_code, 0);
  EXPECT_EQ(runner_->past(0).totals.failed, 1U);
  timer_at(now_.boot + 5 * kSecond);
  EXPECT_EQ(all<StartProcess>().size(), 1U) << "one failure of two";
}

TEST_F(TimeoutsTest, ARunThatEndedBeforeCountsAsItEnded) {
  run_it();
  pass(29 * kSecond);
  const CoordinatorRecord end = wrote(0, 3, 0, State::Success);
  timer_at(limit());  // the record comes late
  ASSERT_EQ(orders().size(), 1U);
  tell(end);
  EXPECT_EQ(run(0).state, State::Success);
  EXPECT_EQ(run(0).origin, Origin::Recorded);
}

TEST_F(TimeoutsTest, LooksForARecordThatNobodyToldOf) {
  start();
  const Microseconds launched = now_.boot;
  tell(wrote(0, 1, 0, State::Forked));
  pass(2 * kSecond);
  const CoordinatorRecord running = wrote(0, 2, 0, State::Running);
  timer_at(launched + 30 * kSecond);
  EXPECT_TRUE(orders().empty());
  ASSERT_EQ(all<Look>().size(), 1U);
  tell(running);
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  EXPECT_EQ(all<SetTimer>()[0].at, running.status.at.boot + 30 * kSecond);
}

TEST_F(TimeoutsTest, OneThatIsStoppedIsNotTimedOut) {
  run_it();
  tell(OrderRequest{"p", Verb::Stop, 60 * kSecond, "someone"});
  timer_at(limit());
  EXPECT_TRUE(orders().empty());
  EXPECT_TRUE(all<Kill>().empty());
}

TEST_F(TimeoutsTest, AnOrderDoesNotMakeAFailureUndone) {
  run_it();
  timer_at(limit());
  tell(OrderRequest{"p", Verb::Restart, kSecond, "someone"});
  ASSERT_EQ(orders().size(), 1U) << "its next run is not to wait";
  tell(wrote(0, 3, 0, State::Killed));
  EXPECT_EQ(runner_->past(0).run(0)->state, State::Failed);
  EXPECT_EQ(all<StartProcess>().size(), 1U);
}

TEST_F(TimeoutsTest, AResumeKeepsTheTime) {
  recorded(TaskState::Active);
  for (const auto& [seq, state] :
       {std::pair{0, State::Waiting}, {1, State::Forked}, {2, State::Running}}) {
    recorded("p", static_cast<std::uint64_t>(seq), state);
  }
  started_ = now_.boot;
  pass(20 * kSecond);
  start();
  EXPECT_TRUE(orders().empty());
  timer_at(limit());
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(TimeoutsTest, WhatIsOverdueAtAResumeIsEndedAfterTheNews) {
  recorded(TaskState::Active);
  for (const auto& [seq, state] :
       {std::pair{0, State::Waiting}, {1, State::Forked}, {2, State::Running}}) {
    recorded("p", static_cast<std::uint64_t>(seq), state);
  }
  pass(100 * kSecond);
  lead();
  EXPECT_TRUE(orders().empty()) << "it may have ended meanwhile";
  tell(TimerDue{});
  EXPECT_EQ(orders().size(), 1U);
  EXPECT_EQ(all<Terminate>().size(), 1U);
}

TEST_F(TimeoutsTest, AResumeGoesOnWithAnEndThatIsOnRecord) {
  recorded(TaskState::Active);
  for (const auto& [seq, state] :
       {std::pair{0, State::Waiting}, {1, State::Forked}, {2, State::Running}}) {
    recorded("p", static_cast<std::uint64_t>(seq), state);
  }
  recorded(ProcessOrder{"p", Verb::Fail, now_, later(now_, kSecond), "timed out after 30 s"});
  const Microseconds kill = now_.boot + kSecond;
  lead();
  EXPECT_EQ(all<Terminate>().size(), 1U);
  tell(TimerDue{});
  EXPECT_TRUE(orders().empty());
  timer_at(kill);
  EXPECT_EQ(all<Kill>().size(), 1U);
  tell(wrote(0, 3, 0, State::Killed));
  EXPECT_EQ(run(0).state, State::Failed);
}

TEST_F(TimeoutsTest, OneOfAnotherBootIsLeftToItsCoordinatorsEnd) {
  recorded(TaskState::Active);
  recorded("p", 0, State::Waiting);
  ProcessStatus forked = record("p", 1, 0, State::Forked);
  forked.boot = {9, 9};
  recorded(forked);
  recorded("p", 2, State::Running);
  pass(100 * kSecond);
  lead();
  tell(TimerDue{});
  EXPECT_TRUE(orders().empty());
}

TEST(TimedOut, GivesTheSecondsAsTheyAreConfigured) {
  EXPECT_EQ(timed_out(30 * kSecond), "timed out after 30 s");
  EXPECT_EQ(timed_out(kSecond / 4), "timed out after 0.25 s");
  EXPECT_EQ(timed_out(1'000'000'000 * kSecond), "timed out after 1000000000 s");
}

}  // namespace
}  // namespace thermos
