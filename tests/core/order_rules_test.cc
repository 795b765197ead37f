// What an order comes to, wherever its process stands.
#include "core/runner/order.h"

#include <gtest/gtest.h>

#include <optional>

namespace thermos {
namespace {

constexpr Timestamp kOrdered{1000, 100};

// A process whose latest run is in `state`, and how far its launch is.
struct StandingProcess {
  ProcessHistory process;
  LaunchControl launch;

  explicit StandingProcess(std::optional<ProcessState> state = std::nullopt) {
    process.name = "p";
    if (!state) return;
    process.runs.emplace_back().state = *state;
    process.next_run = 1;
    if (process.live()) take(LaunchEvent::Start);
  }
  void take(LaunchEvent event) { EXPECT_TRUE(launch.take(event)) << name_of(event); }
  void ends_at(Microseconds boot) {
    process.ending = StopOrder{0, {}, {0, boot}};
    process.immediate = process.next_run;  // as a restart leaves it
  }
  std::optional<Verb> recorded(Verb verb, Microseconds wait = 10) const {
    const auto order = order_to_record(process, launch, verb, kOrdered, wait);
    return order ? std::optional(order->verb) : std::nullopt;
  }
};

TEST(OrderRules, TheRecordSaysWhatWhenAndUntilWhen) {
  const StandingProcess running(ProcessState::Running);
  const auto stop = order_to_record(running.process, running.launch, Verb::Stop, kOrdered, 10);
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->process, "p");
  EXPECT_EQ(stop->at, kOrdered);
  EXPECT_EQ(stop->deadline, (Timestamp{1010, 110}));
  StandingProcess held(ProcessState::Killed);
  held.process.held = true;
  const auto start = order_to_record(held.process, held.launch, Verb::Start, kOrdered, 10);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->deadline, Timestamp{}) << "it ends nothing";
}

TEST(OrderRules, AStartOfWhatRunsNeedsNoRecord) {
  EXPECT_EQ(StandingProcess(ProcessState::Running).recorded(Verb::Start), std::nullopt);
  EXPECT_EQ(StandingProcess(ProcessState::Forked).recorded(Verb::Start), std::nullopt);
  EXPECT_EQ(StandingProcess(ProcessState::Waiting).recorded(Verb::Start), std::nullopt);
}

TEST(OrderRules, AStartIsRecordedOnceForTheNextRun) {
  StandingProcess ended(ProcessState::Success);
  EXPECT_EQ(ended.recorded(Verb::Start), Verb::Start);
  EXPECT_EQ(ended.recorded(Verb::Restart), Verb::Restart);
  ended.process.immediate = 1;
  EXPECT_EQ(ended.recorded(Verb::Start), std::nullopt);
  EXPECT_EQ(StandingProcess().recorded(Verb::Start), Verb::Start) << "one that never ran";
}

TEST(OrderRules, ARestartOfWhatHasNotBegunIsAStart) {
  StandingProcess retrying(ProcessState::Waiting);
  retrying.take(LaunchEvent::Short);
  EXPECT_EQ(retrying.recorded(Verb::Restart), Verb::Start);
  EXPECT_EQ(StandingProcess(ProcessState::Waiting).recorded(Verb::Restart), std::nullopt);
  EXPECT_EQ(StandingProcess(ProcessState::Forked).recorded(Verb::Restart), Verb::Restart);
}

TEST(OrderRules, AnEndThatWasAskedForIsNotTakenBack) {
  StandingProcess told(ProcessState::Waiting);
  told.take(LaunchEvent::Terminate);
  told.ends_at(105);
  told.process.held = true;
  EXPECT_EQ(told.recorded(Verb::Start), Verb::Restart);
  EXPECT_EQ(told.recorded(Verb::Restart), Verb::Restart);
  told.take(LaunchEvent::Kill);
  EXPECT_EQ(told.recorded(Verb::Start), Verb::Restart);
}

TEST(OrderRules, ASecondStopIsRecordedIfItEndsTheRunSooner) {
  StandingProcess stopping(ProcessState::Running);
  EXPECT_EQ(stopping.recorded(Verb::Stop), Verb::Stop);
  stopping.process.held = true;
  stopping.ends_at(105);
  EXPECT_EQ(stopping.recorded(Verb::Stop, 10), std::nullopt);
  EXPECT_EQ(stopping.recorded(Verb::Stop, 5), std::nullopt);
  EXPECT_EQ(stopping.recorded(Verb::Stop, 4), Verb::Stop);
}

TEST(OrderRules, ASecondRestartIsRecordedIfItEndsTheRunSooner) {
  StandingProcess restarting(ProcessState::Running);
  restarting.ends_at(105);
  EXPECT_EQ(restarting.recorded(Verb::Restart, 10), std::nullopt);
  EXPECT_EQ(restarting.recorded(Verb::Restart, 4), Verb::Restart);
  EXPECT_EQ(restarting.recorded(Verb::Stop, 10), Verb::Stop) << "it is not held yet";
  EXPECT_EQ(restarting.recorded(Verb::Start), std::nullopt) << "it will run again anyway";
}

TEST(OrderRules, WhatIsHeldAndDoesNotRunIsNotStoppedAgain) {
  StandingProcess held(ProcessState::Killed);
  held.process.held = true;
  EXPECT_EQ(held.recorded(Verb::Stop, 0), std::nullopt);
  EXPECT_EQ(held.recorded(Verb::Restart), Verb::Restart);
  StandingProcess called_off(ProcessState::Waiting);
  called_off.take(LaunchEvent::Ended);
  called_off.process.held = true;
  called_off.ends_at(105);
  EXPECT_EQ(called_off.recorded(Verb::Stop, 0), std::nullopt) << "nothing of it is under way";
}

TEST(OrderRules, ARunThatNobodyLeadsIsUnderWayAllTheSame) {
  StandingProcess orphan(ProcessState::Forked);
  orphan.take(LaunchEvent::Ended);
  EXPECT_EQ(orphan.recorded(Verb::Start), std::nullopt);
  EXPECT_EQ(orphan.recorded(Verb::Restart), Verb::Restart);
}

// How `end` counts on record.
ProcessStatus counted(const ProcessHistory& process, ProcessStatus end) {
  count_as_ordered(process, end);
  return end;
}

TEST(OrderRules, ARunThatEndsBehindItsOrderCountsAsThatSays) {
  ProcessHistory process;
  ProcessStatus end;
  end.run = 3;
  end.state = ProcessState::Success;
  end.return_code = 0;
  end.at = {0, 100};
  EXPECT_EQ(counted(process, end), end) << "there is no order";
  process.ending = StopOrder{3, {0, 100}, {}};
  EXPECT_EQ(counted(process, end).state, ProcessState::Killed);
  EXPECT_EQ(counted(process, end).origin, Origin::Ordered);
  process.ending->failure = "timed out after 9 s";
  EXPECT_EQ(counted(process, end).state, ProcessState::Failed);
  EXPECT_EQ(counted(process, end).origin, Origin::EndedByRunner);
  EXPECT_EQ(counted(process, end).reason, "timed out after 9 s");
  EXPECT_EQ(counted(process, end).return_code, 0);
  end.at = {0, 99};
  EXPECT_EQ(counted(process, end), end) << "it had ended before";
  end.at = {0, 100};
  end.run = 2;
  EXPECT_EQ(counted(process, end), end) << "another run";
  end.run = 3;
  end.state = ProcessState::Running;
  EXPECT_EQ(counted(process, end), end) << "no end";
}

TEST(OrderRules, SayWhatStandsAgainstAnOrder) {
  ProcessConfig process;
  process.name = "p";
  const auto why = [&](TaskState task, Planner::Mark mark, Verb verb = Verb::Start) {
    const Status allowed = order_allowed(process, task, mark, verb);
    return allowed.ok() ? std::string() : allowed.error().message;
  };
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Runnable), "");
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Blocked), "");
  EXPECT_EQ(why(TaskState::Cleaning, Planner::Mark::Running), "the task is ending");
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Finished), "p has finished");
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Failed), "") << "it is revived";
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Failed, Verb::Restart), "");
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Failed, Verb::Stop),
            "p does not run: it has failed as often as it may");
  process.final = true;
  EXPECT_EQ(why(TaskState::Active, Planner::Mark::Absent),
            "p is a finalizer: it runs when the task ends");
}

}  // namespace
}  // namespace thermos
