// When a runner asks whether a process is healthy, and what it makes of the answers.
#include <gtest/gtest.h>

#include "running_process.h"

namespace thermos {
namespace {

class Health : public RunningProcess {
 protected:
  ProcessConfig& add_with_health() {
    ProcessConfig& process = add("a");
    process.max_failures = 0;
    process.healthy.emplace();
    process.healthy->file = "well";
    process.healthy->interval = 2 * kSecond;
    return process;
  }
  void says(bool yes, const std::string& text = "No such file or directory") {
    tell(ProbeAnswered{0, runner_->past(0).current()->number, yes, text, Purpose::Healthy});
  }
  // It is asked when its interval is over, and answers at once.
  void asked_says(bool yes) {
    passes(2 * kSecond);
    ASSERT_EQ(all<Probe>().size(), 1U);
    EXPECT_EQ(all<Probe>()[0].purpose, Purpose::Healthy);
    says(yes);
  }
  std::vector<ProcessReport> reports() const { return records<ProcessReport>(); }
  std::vector<ProcessOrder> orders() const { return records<ProcessOrder>(); }

 private:
  template <typename T>
  std::vector<T> records() const {
    std::vector<T> found;
    for (const Append& append : all<Append>()) {
      if (const auto* record = std::get_if<T>(&append.record)) found.push_back(*record);
    }
    return found;
  }
};

TEST_F(Health, IsAskedAnIntervalAfterRunningAndAgain) {
  add_with_health();
  run_a();
  EXPECT_TRUE(all<Probe>().empty());
  passes(2 * kSecond - 10);
  EXPECT_TRUE(all<Probe>().empty());
  passes(10);
  ASSERT_EQ(all<Probe>().size(), 1U);
  passes(5 * kSecond);
  EXPECT_TRUE(all<Probe>().empty()) << "the first question has no answer yet";
  says(true);
  EXPECT_EQ(all<Probe>().size(), 1U) << "the interval is over";
  EXPECT_TRUE(all<Append>().empty()) << "that all is well is not on record again and again";
}

TEST_F(Health, IsNotAskedBeforeItIsReady) {
  ProcessConfig& process = add_with_health();
  process.ready.emplace().file = "up";
  run_a();
  ASSERT_EQ(all<Probe>().size(), 1U);
  EXPECT_EQ(all<Probe>()[0].purpose, Purpose::Ready);
  passes(10 * kSecond);
  EXPECT_TRUE(all<Probe>().empty());
  tell(ProbeAnswered{0, 0, true, "up", Purpose::Ready});
  EXPECT_TRUE(all<Probe>().empty());
  asked_says(true);
}

TEST_F(Health, OneThatRefusesTooOftenIsEndedAndHasFailed) {
  add_with_health();
  run_a();
  asked_says(false);
  ASSERT_EQ(reports().size(), 1U);
  EXPECT_EQ(reports()[0].kind, ReportKind::Unhealthy);
  EXPECT_EQ(reports()[0].text, "file well: No such file or directory");
  EXPECT_EQ(run(0).refusals, 1U);
  asked_says(false);
  EXPECT_TRUE(orders().empty());
  asked_says(false);
  EXPECT_TRUE(reports().empty());
  ASSERT_EQ(orders().size(), 1U);
  EXPECT_EQ(orders()[0].verb, Verb::Fail);
  EXPECT_EQ(orders()[0].reason, "not healthy: file well: No such file or directory");
  EXPECT_EQ(all<Terminate>().size(), 1U);
  passes(2 * kSecond);
  EXPECT_TRUE(all<Probe>().empty()) << "it is ending";
  tell(wrote(0, 3, 0, State::Killed));
  EXPECT_EQ(appended(0).front(), State::Failed);
  EXPECT_EQ(run(0).origin, Origin::EndedByRunner);
  EXPECT_EQ(run(0).refusals, 0U);
}

TEST_F(Health, OnlyRefusalsInARowCount) {
  add_with_health();
  run_a();
  for (int round = 0; round < 3; ++round) {
    asked_says(false);
    asked_says(false);
    asked_says(true);
    ASSERT_EQ(reports().size(), 1U);
    EXPECT_EQ(reports()[0].kind, ReportKind::Healthy);
    EXPECT_EQ(run(0).refusals, 0U);
    asked_says(true);
    EXPECT_TRUE(reports().empty());
  }
}

TEST_F(Health, ASecondAnswerToOneQuestionDoesNotCount) {
  add_with_health();
  run_a();
  asked_says(false);
  says(false);
  says(false);
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(run(0).refusals, 1U);
}

TEST_F(Health, OneRefusalIsEnoughIfItMayNotRefuse) {
  add_with_health().healthy->failures = 1;
  run_a();
  asked_says(false);
  EXPECT_TRUE(reports().empty());
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(Health, WhoIsEndingIsNotAsked) {
  add_with_health();
  run_a();
  passes(2 * kSecond);
  tell(OrderRequest{"a", Verb::Stop, {}, "enough"});
  EXPECT_EQ(all<Terminate>().size(), 1U);
  says(false);
  EXPECT_TRUE(all<Append>().empty());
  passes(2 * kSecond);
  EXPECT_TRUE(all<Probe>().empty());
}

TEST_F(Health, WithoutNewsOfRunningItIsLookedFor) {
  add_with_health();
  start();
  tell(wrote(0, 1, 0, State::Forked));
  passes(2 * kSecond);
  EXPECT_TRUE(all<Probe>().empty());
  EXPECT_EQ(all<Look>().size(), 1U);
}

// A history in which the only run of "a" is RUNNING since `before` ago, and refused so often.
class HealthAtResume : public Health {
 protected:
  void resume(Microseconds before, int refusals) {
    add_with_health();
    recorded(TaskState::Active);
    for (const State state : {State::Waiting, State::Forked, State::Running}) {
      recorded("a", static_cast<std::uint64_t>(state), state);
    }
    for (int i = 0; i < refusals; ++i) {
      recorded(ProcessReport{"a", 0, ReportKind::Unhealthy, now_, {}, 0});
    }
    now_ = later(now_, before);
    start();
  }
};

TEST_F(HealthAtResume, RefusalsOnRecordCount) {
  resume(10 * kSecond, 2);
  asked_says(false);
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(HealthAtResume, ItIsAskedAsOftenAsByOneRunner) {
  resume(3 * kSecond, 0);
  EXPECT_TRUE(all<Probe>().empty());
  passes(kSecond - 10);
  EXPECT_TRUE(all<Probe>().empty()) << "the last question was a second ago";
  passes(10);
  EXPECT_EQ(all<Probe>().size(), 1U);
}

TEST_F(Health, ARefusalNeedsNoWords) {
  add_with_health().healthy->failures = 1;
  run_a();
  passes(2 * kSecond);
  says(false, "");
  ASSERT_EQ(orders().size(), 1U);
  EXPECT_EQ(orders()[0].reason, "not healthy: file well");
}

TEST_F(Health, AnAnswerOfOneThatIsGoneDoesNotCount) {
  add_with_health().healthy->failures = 1;
  run_a();
  passes(2 * kSecond);
  tell(CoordinatorGone{0, 0});
  EXPECT_EQ(all<Sweep>().size(), 1U);
  says(false);
  EXPECT_TRUE(orders().empty());
}

TEST_F(HealthAtResume, OneOfAnotherBootIsNotAsked) {
  add_with_health();
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  ProcessStatus forked = record("a", 1, 0, State::Forked);
  forked.boot = BootId{7, 7};
  recorded(forked);
  recorded("a", 2, State::Running);
  start();
  passes(10 * kSecond);
  EXPECT_TRUE(all<Probe>().empty());
}

}  // namespace
}  // namespace thermos
