// How long a process waits after failures in a row, and how many count.
#include "core/runner/backoff.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <variant>

#include "core/runner/outlook.h"
#include "runner_fixture.h"

namespace thermos {
namespace {

constexpr Backoff kUsual{};  // 1, 2, 4 ... 300 seconds

TEST(BackoffWait, GrowsByItsFactorUpToTheMost) {
  EXPECT_EQ(backoff_wait(kUsual, 1), kSecond);
  EXPECT_EQ(backoff_wait(kUsual, 2), 2 * kSecond);
  EXPECT_EQ(backoff_wait(kUsual, 9), 256 * kSecond);
  EXPECT_EQ(backoff_wait(kUsual, 10), 300 * kSecond);
  EXPECT_EQ(backoff_wait(kUsual, std::numeric_limits<std::uint32_t>::max()), 300 * kSecond);
  const Backoff even{2 * kSecond, 1, 2 * kSecond, {}};
  EXPECT_EQ(backoff_wait(even, 1000), 2 * kSecond);
}

class BackoffTest : public RunnerFixture {
 protected:
  void SetUp() override {
    ProcessConfig& process = add("p");
    process.max_failures = 0;
    process.min_duration = kSecond;
    process.backoff = Backoff{2 * kSecond, 3, 60 * kSecond, 100 * kSecond};
  }
  // Its next run begins now, lasts so long, and ends so.
  void run_it(State end, Microseconds lasts = kSecond) {
    tell(wrote(0, seq_ + 1, run_, State::Forked));
    tell(wrote(0, seq_ + 2, run_, State::Running));
    now_ = later(now_, lasts);
    tell(wrote(0, seq_ + 3, run_, end));
    ended_ = now_.boot - 1;
    seq_ += 4;
    ++run_;
  }
  // How long it waits behind the end of its last run; it is started then.
  Microseconds wait() {
    const std::vector<SetTimer> timers = all<SetTimer>();
    if (timers.size() != 1 || !timers[0].at) return -1;
    const Microseconds at = *timers[0].at;
    now_ = later(now_, at - now_.boot - 2);
    tell(TimerDue{});
    EXPECT_TRUE(all<StartProcess>().empty()) << "too soon";
    tell(TimerDue{});
    EXPECT_EQ(all<StartProcess>().size(), 1U);
    return at - ended_;
  }

  std::uint64_t seq_ = 0;
  std::uint32_t run_ = 0;
  Microseconds ended_ = 0;
};

TEST_F(BackoffTest, GrowsWithTheFailuresInARow) {
  start();
  for (const Microseconds seconds : {2, 6, 18, 54, 60, 60}) {
    run_it(State::Failed);
    EXPECT_EQ(wait(), seconds * kSecond);
  }
}

TEST_F(BackoffTest, IsNeverLessThanMinDuration) {
  task_.processes[0].min_duration = 10 * kSecond;
  start();
  for (const Microseconds seconds : {10, 10, 18}) {
    run_it(State::Failed);
    EXPECT_EQ(wait(), seconds * kSecond);
  }
}

TEST_F(BackoffTest, TheTasksIsForTheProcessesWithoutOne) {
  task_.processes[0].backoff.reset();
  task_.backoff = Backoff{7 * kSecond, 2, 60 * kSecond, {}};
  start();
  run_it(State::Failed);
  EXPECT_EQ(wait(), 7 * kSecond);
}

TEST_F(BackoffTest, ASignalCountsAndALossDoesNot) {
  start();
  run_it(State::Killed);
  EXPECT_EQ(wait(), 2 * kSecond);
  run_it(State::Lost);
  EXPECT_EQ(wait(), kSecond);
  run_it(State::Failed);
  EXPECT_EQ(wait(), 6 * kSecond);
}

TEST_F(BackoffTest, ALongRunAndASuccessStartOver) {
  task_.processes[0].daemon = true;
  start();
  run_it(State::Failed);
  EXPECT_EQ(wait(), 2 * kSecond);
  run_it(State::Failed, 100 * kSecond);
  EXPECT_EQ(wait(), 2 * kSecond);
  run_it(State::Failed);
  EXPECT_EQ(wait(), 6 * kSecond);
  run_it(State::Success);
  EXPECT_EQ(wait(), kSecond);
  run_it(State::Failed);
  EXPECT_EQ(wait(), 2 * kSecond);
}

TEST_F(BackoffTest, AStartByAUserStartsOver) {
  start();
  run_it(State::Failed);
  EXPECT_EQ(wait(), 2 * kSecond);
  run_it(State::Failed);
  tell(OrderRequest{"p", Verb::Start, {}, "someone"});
  EXPECT_EQ(all<StartProcess>().size(), 1U) << "at once";
  run_it(State::Failed);
  EXPECT_EQ(wait(), 2 * kSecond);
}

TEST_F(BackoffTest, AResumeKeepsTheWaitAndTheNumber) {
  start();
  run_it(State::Failed);
  wait();
  run_it(State::Failed);
  EXPECT_EQ(runner_->past(0).failures_in_row, 2U);
  // All that is left of it when it was compacted.
  hand_over(true);
  now_ = later(now_, 4 * kSecond);
  start();
  EXPECT_TRUE(all<StartProcess>().empty());
  EXPECT_EQ(wait(), 6 * kSecond);
  run_it(State::Failed);
  EXPECT_EQ(wait(), 18 * kSecond);
}

TEST_F(BackoffTest, ASummaryHasTheNumber) {
  start();
  run_it(State::Failed);
  wait();
  run_it(State::Failed);
  wait();
  tell(wrote(0, seq_ + 1, run_, State::Forked));  // no run that has ended is left
  hand_over(true);
  start();
  tell(wrote(0, seq_ + 2, run_, State::Running));
  tell(wrote(0, seq_ + 3, run_, State::Failed));
  ended_ = now_.boot - 1;
  EXPECT_EQ(wait(), 18 * kSecond);
}

TEST_F(BackoffTest, ASecondEndOfARunIsRefused) {
  start();
  run_it(State::Failed);
  EXPECT_NE(refusal_of(wrote(0, seq_, run_ - 1, State::Failed)), "");
  EXPECT_EQ(runner_->past(0).failures(), 1U);
}

TEST_F(BackoffTest, TheOutlookOfADaemonThatSucceededIsItsNextRun) {
  task_.processes[0].daemon = true;
  start();
  run_it(State::Success);
  EXPECT_EQ(outlook_of(task_, 0, runner_->past(0), now_.wall).next_try, now_.wall - 1 + kSecond);
}

TEST_F(BackoffTest, TheOutlookTellsWhoWaitsFromWhoHasFailedForGood) {
  task_.processes[0].max_failures = 2;
  add("other").max_failures = 0;
  start();
  const auto outlook = [&] { return outlook_of(task_, 0, runner_->past(0), now_.wall); };
  EXPECT_FALSE(outlook().next_try);
  run_it(State::Failed);
  EXPECT_EQ(outlook().next_try, now_.wall - 1 + 2 * kSecond);
  EXPECT_FALSE(outlook().fatal);
  tell(OrderRequest{"p", Verb::Stop, {}, "someone"});
  EXPECT_FALSE(outlook().next_try) << "it is stopped";
  tell(OrderRequest{"p", Verb::Start, {}, "someone"});
  EXPECT_FALSE(outlook().next_try) << "it runs";
  task_.max_failures = 0;
  run_it(State::Failed);
  EXPECT_TRUE(outlook().fatal);
  EXPECT_FALSE(outlook().next_try);
}

}  // namespace
}  // namespace thermos
