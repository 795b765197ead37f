// What an earlier runner left behind, by the clocks of the next one.
#include "core/runner/times_at_resume.h"
#include "core/runner/runs_counted.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "boots.h"

namespace thermos {
namespace {

// Ten seconds, given at 1000 s on the wall and at 100 s of boot time.
TaskStatus cleaning() {
  TaskStatus status;
  status.state = TaskState::Cleaning;
  status.boot = kBoot;
  status.at = {1000 * kSecond, 100 * kSecond};
  status.deadline = later(status.at, 10 * kSecond);
  return status;
}

TEST(DeadlineAtResume, StandsInTheSameBootWhateverTheWallClockSays) {
  const TaskStatus last = cleaning();
  for (const Microseconds wall : {0 * kSecond, 1004 * kSecond, 5000 * kSecond}) {
    EXPECT_EQ(deadline_at_resume(last, kBoot, {wall, 104 * kSecond}), last.deadline);
  }
}

TEST(DeadlineAtResume, IsNeverFurtherAwayThanItWas) {
  const Timestamp before{1000 * kSecond, 50 * kSecond};  // a clock that went back
  EXPECT_EQ(deadline_at_resume(cleaning(), kBoot, before), later(before, 10 * kSecond));
}

TEST(DeadlineAtResume, GoesOnByTheWallClockInAnotherBoot) {
  const auto left = [](Microseconds wall) {
    const Timestamp now{wall, 3 * kSecond};
    return deadline_at_resume(cleaning(), kNextBoot, now).boot - now.boot;
  };
  EXPECT_EQ(left(1004 * kSecond), 6 * kSecond);
  EXPECT_EQ(left(2000 * kSecond), 0);
  EXPECT_EQ(left(0), 10 * kSecond);
}

TEST(DeadlineAtResume, AnAllowanceIsNotNegative) {
  TaskStatus last = cleaning();
  last.deadline = {999 * kSecond, 99 * kSecond};
  EXPECT_EQ(deadline_at_resume(last, kNextBoot, {0, 5}).boot, 5);
  EXPECT_EQ(deadline_at_resume(last, kBoot, {0, 5}).boot, 5);
}

// It yielded at 97 s of boot time, three seconds before.
TEST(DeadlineAtResume, AKillMeanwhileGivesTheTimeThatItGave) {
  const Timestamp yielded{997 * kSecond, 97 * kSecond};
  const Timestamp now{5000 * kSecond, 7 * kSecond};
  EXPECT_EQ(deadline_at_resume(cleaning(), kNextBoot, now, yielded), later(now, 10 * kSecond));
  TaskStatus immediate = cleaning();
  immediate.deadline = immediate.at;
  EXPECT_EQ(deadline_at_resume(immediate, kNextBoot, now, yielded), now);
  // It was ending already, and its time stood still from the yield on.
  EXPECT_EQ(deadline_at_resume(cleaning(), kNextBoot, now, later(cleaning().at, 4 * kSecond)),
            later(now, 6 * kSecond));
}

TEST(KillTime, IsNeverFurtherAwayThanTheOrderLeftIt) {
  StopOrder ending;
  ending.at = {900 * kSecond, 500 * kSecond};
  ending.deadline = later(ending.at, 10 * kSecond);
  EXPECT_EQ(kill_time_of(ending, {904 * kSecond, 504 * kSecond}), 510 * kSecond);
  EXPECT_EQ(kill_time_of(ending, {950 * kSecond, 550 * kSecond}), 510 * kSecond);  // overdue
  // Another boot, whose clock has begun anew.
  EXPECT_EQ(kill_time_of(ending, {950 * kSecond, 3 * kSecond}), 13 * kSecond);
  ending.deadline = {};
  EXPECT_LE(kill_time_of(ending, {950 * kSecond, 3 * kSecond}), 3 * kSecond);
}

TEST(LastEnd, IsOnTheBootClockAndNotInTheFuture) {
  ProcessHistory process;
  process.last_end = {1000 * kSecond, 100 * kSecond};
  process.last_boot = kBoot;
  const auto end = [&](const BootId& boot, Timestamp now) {
    return boot_time_of_last_end(process, 5 * kSecond, boot, now);
  };
  EXPECT_EQ(end(kBoot, {0, 200 * kSecond}), 100 * kSecond);
  EXPECT_EQ(end(kBoot, {0, 90 * kSecond}), 90 * kSecond);
  EXPECT_EQ(end(kNextBoot, {1002 * kSecond, 10 * kSecond}), 8 * kSecond);
  EXPECT_EQ(end(kNextBoot, {9000 * kSecond, 10 * kSecond}), 5 * kSecond) << "it waited enough";
  EXPECT_EQ(end(kNextBoot, {0, 10 * kSecond}), 10 * kSecond) << "the wall clock went back";
}

// Of a process that has run so often, the current run being in that state.
RunsBefore before(ProcessState state, Origin origin, std::uint32_t forgiven) {
  ProcessHistory process;
  process.totals = {4, 3, 5, 1, 2};  // 3 of the killed count
  process.next_run = 13 + (is_terminal(state) ? 0 : 1);
  process.forgiven = {forgiven, forgiven != 0 ? 1U : 0U, forgiven != 0 ? 2U : 0U};
  process.runs.emplace_back().state = state;
  process.runs.back().origin = origin;
  return runs_before_current(process);
}

TEST(RunsBeforeCurrent, LeaveTheCurrentRunOut) {
  struct Case {
    ProcessState state;
    Origin origin;
    RunsBefore past;
  };
  const std::array<Case, 8> cases = {{
      {ProcessState::Waiting, Origin::Recorded, {4, 3, 3, 3}},
      {ProcessState::Forked, Origin::Recorded, {4, 3, 3, 3}},
      {ProcessState::Running, Origin::Recorded, {4, 3, 3, 3}},
      {ProcessState::Success, Origin::Recorded, {3, 3, 3, 3}},
      {ProcessState::Failed, Origin::Recorded, {4, 2, 3, 3}},
      {ProcessState::Killed, Origin::Recorded, {4, 3, 2, 3}},
      {ProcessState::Killed, Origin::Ordered, {4, 3, 3, 2}},
      {ProcessState::Lost, Origin::Recorded, {4, 3, 3, 2}},
  }};
  for (const Case& c : cases) EXPECT_EQ(before(c.state, c.origin, 0), c.past) << name_of(c.state);
}

TEST(RunsBeforeCurrent, LeaveOutWhatIsForgiven) {
  EXPECT_EQ(before(ProcessState::Running, Origin::Recorded, 6), (RunsBefore{4, 2, 1, 6}));
  EXPECT_EQ(before(ProcessState::Failed, Origin::Recorded, 6), (RunsBefore{4, 1, 1, 6}));
  // The current run is the last that is forgiven.
  EXPECT_EQ(before(ProcessState::Failed, Origin::Recorded, 13), (RunsBefore{4, 0, 0, 8}));
}

TEST(EndBegan, IsNowWhereTheEndHasNotReachedThem) {
  History history;
  RunnerHeader header;
  header.task_id = "t-1";
  ASSERT_TRUE(history.apply(header).ok());
  TaskStatus status;
  status.boot = kBoot;
  ASSERT_TRUE(history.apply(status).ok());
  const Timestamp now{1000 * kSecond, 100 * kSecond};
  EXPECT_EQ(end_began(history, true, kBoot, now), now.boot);
  ASSERT_TRUE(history.apply(cleaning()).ok());
  const Timestamp next = later(now, kSecond);
  EXPECT_EQ(end_began(history, true, kBoot, next), now.boot);
  EXPECT_EQ(end_began(history, false, kBoot, next), next.boot) << "finalizers may run";
}

}  // namespace
}  // namespace thermos
