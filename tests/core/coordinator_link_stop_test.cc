#include "core/runner/coordinator_link.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "link_bench.h"

namespace thermos {
namespace {

TEST(CoordinatorLink, WhereNobodyIsLeftAnUnreadableStreamStopsTheTask) {
  Known rebooted = running(0);
  rebooted.other_boot = true;
  LinkBench adopted;
  adopted.adopt(rebooted, true);
  ASSERT_NE(adopted.wants<link::Refuse>(), nullptr);
  EXPECT_TRUE(adopted.wants<link::Refuse>()->event.empty());
  LinkBench beside;
  beside.go_to(link::State::Beside);
  beside.tell(link::ReadDone{true}, {});
  ASSERT_NE(beside.wants<link::Refuse>(), nullptr);
  EXPECT_TRUE(beside.wants<link::Refuse>()->event.empty());
}

TEST(CoordinatorLink, ALaunchUnderWayAtARebootIsWarnedOf) {
  LinkBench bench;
  bench.tell(link::Adopt{true}, waiting(2));
  bench.tell(link::ReadDone{}, waiting(2));
  ASSERT_NE(bench.wants<link::WarnRestarted>(), nullptr);
  EXPECT_EQ(bench.wants<link::WarnRestarted>()->run, 2u);
}

TEST(CoordinatorLink, AStreamBesideTheHistoryIsTakenOverOnlyWhereItSaysThatSomethingRuns) {
  LinkBench silent;
  silent.go_to(link::State::Beside);
  silent.tell(link::ReadDone{}, {});
  EXPECT_NE(silent.wants<link::CloseReader>(), nullptr);
  EXPECT_TRUE(silent.link().idle());
  LinkBench speaks;
  speaks.go_to(link::State::Beside);
  speaks.tell(link::Heard{1, kCoordinator}, {});
  speaks.tell(link::ReadDone{}, running(1));
  ASSERT_NE(speaks.wants<link::OpenPidfd>(), nullptr);
  EXPECT_EQ(speaks.wants<link::OpenPidfd>()->run, 1u);
}

// ---- ending ------------------------------------------------------------------------------------

TEST(CoordinatorLink, ARunThatNobodyHasIsCalledOff) {
  LinkBench idle;
  idle.tell(link::Stop{4, true}, waiting(4));
  ASSERT_NE(idle.wants<link::TellCancelled>(), nullptr);
  EXPECT_EQ(idle.wants<link::TellCancelled>()->cancelled.run, 4u);
  LinkBench deferred;
  deferred.run_one(0);
  deferred.tell(link::Start{{0, 1, 5}}, waiting(1));
  deferred.tell(link::Stop{1, false}, waiting(1));
  ASSERT_NE(deferred.wants<link::TellCancelled>(), nullptr);
  EXPECT_EQ(deferred.wants<link::TellCancelled>()->cancelled.run, 1u);
  deferred.tell(link::ChildGone{0}, waiting(1));
  deferred.tell(link::ReadDone{}, waiting(1));
  EXPECT_EQ(deferred.wants<link::Enqueue>(), nullptr);
  LinkBench queued;
  queued.go_to(link::State::Queued);
  queued.tell(link::Stop{7, true}, waiting(0));  // another run
  EXPECT_EQ(queued.effects(), 0u);
  queued.tell(link::Stop{0, false}, waiting(0));
  EXPECT_NE(queued.wants<link::Dequeue>(), nullptr);
  ASSERT_NE(queued.wants<link::TellCancelled>(), nullptr);
  EXPECT_EQ(queued.wants<link::TellCancelled>()->cancelled.run, 0u);
  EXPECT_TRUE(queued.link().idle());
}

TEST(CoordinatorLink, AStopOfAnotherRunOrOfOneThatLeavesIsNothing) {
  LinkBench other;
  other.run_one(1);
  other.tell(link::Stop{0, true}, running(1));
  EXPECT_EQ(other.effects(), 0u);
  LinkBench leaving;
  leaving.go_to(link::State::Leaving);
  leaving.tell(link::Stop{0, true}, running(0));
  EXPECT_EQ(leaving.effects(), 0u);
}

TEST(CoordinatorLink, WhoDoesNotDieByForceInTimeIsKilled) {
  LinkBench bench;
  bench.run_one(0);
  bench.tell(link::Stop{0, false}, running(0));
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Terminate);
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, true}, running(0));
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Force);
  ASSERT_TRUE(bench.armed());
  const Microseconds at = *bench.armed();
  bench.now += kSecond;
  bench.tell(link::Stop{0, true}, running(0));  // the first one counts
  EXPECT_EQ(bench.armed(), at);
  bench.now = at;
  bench.tell(link::Timer{}, running(0));
  ASSERT_NE(bench.wants<link::Send>(), nullptr);
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Kill);
  EXPECT_EQ(bench.wants<link::Send>()->coordinator, kCoordinator);
}

TEST(CoordinatorLink, WhoRecordedItsEndIsNotKilledForLingering) {
  for (const Known& known :
       {Known{false, 0, ProcessState::Killed, kCoordinator, false}, waiting(1)}) {
    LinkBench bench;
    bench.run_one(0);
    bench.tell(link::Stop{0, true}, running(0));
    bench.now = *bench.armed();
    bench.tell(link::Timer{}, known);
    EXPECT_EQ(bench.wants<link::Send>(), nullptr);
  }
}

TEST(CoordinatorLink, AForkServerThatHoldsAnEndUpIsReplacedAgainAndAgain) {
  LinkBench bench;
  bench.send(0);
  bench.tell(link::Stop{0, false}, waiting(0));
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, true}, waiting(0));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(bench.armed());
    EXPECT_EQ(*bench.armed() - bench.now, 5 * kSecond);
    bench.now = *bench.armed();
    bench.tell(link::Timer{}, waiting(0));
    EXPECT_NE(bench.wants<link::ReplaceServer>(), nullptr);
  }
  bench.tell(link::ServerDied{}, waiting(0));
  EXPECT_FALSE(bench.armed());
}

// Nobody else would notice that it spoke.
TEST(CoordinatorLink, WithoutNoticesAStopOfOneThatDidNotSpeakLooks) {
  LinkBench bench(false);
  bench.send(0);
  bench.answer(kCoordinator.pid);
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, false}, waiting(0));
  ASSERT_TRUE(bench.armed());
  const auto at = bench.armed();
  bench.tell(link::Stop{0, true}, waiting(0));
  EXPECT_EQ(bench.armed(), at);
  bench.now = *at;
  bench.tell(link::Timer{}, waiting(0));
  EXPECT_NE(bench.wants<link::Read>(), nullptr);
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_TRUE(bench.armed());
  bench.now = *bench.armed();
  bench.tell(link::Timer{}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, true}, running(0));
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Force);
}

TEST(CoordinatorLink, OfARunThatIsNotTheLastOnRecordTheLastWordsAreRead) {
  LinkBench bench;
  bench.run_one(0);
  Known other = running(1);
  other.live = false;
  bench.tell(link::ChildGone{0}, other);
  EXPECT_EQ(bench.state(), link::State::Leaving);
  EXPECT_NE(bench.wants<link::Read>(), nullptr);
}

// ---- what comes late, twice or together --------------------------------------------------------

TEST(CoordinatorLink, TheEndOfAnotherRunIsLetPass) {
  LinkBench ours;
  ours.run_one(1);
  ours.tell(link::ChildGone{0}, running(1));
  EXPECT_EQ(ours.state(), link::State::Ours);
  EXPECT_EQ(ours.effects(), 0u);
  LinkBench watched;
  watched.go_to(link::State::Watched);
  watched.tell(link::PidfdReady{7}, running(0));
  EXPECT_EQ(watched.state(), link::State::Watched);
  EXPECT_EQ(watched.effects(), 0u);
}

TEST(CoordinatorLink, WithNoticesAStopOfOneThatDidNotSpeakWaitsForThem) {
  LinkBench bench;
  bench.send(0);
  bench.tell(link::Stop{0, false}, waiting(0));
  bench.tell(link::Changed{}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_FALSE(bench.armed());
}

TEST(CoordinatorLink, TheReaderIsKeptOnlyUntilRunning) {
  const std::pair<ProcessState, bool> kept[] = {
      {ProcessState::Forked, true}, {ProcessState::Running, false}, {ProcessState::Success, false}};
  for (const auto& [state, is_kept] : kept) {
    LinkBench bench;
    bench.run_one(0);
    bench.tell(link::Changed{}, running(0));
    bench.tell(link::ReadDone{}, {!is_terminal(state), 0, state, kCoordinator, false});
    EXPECT_EQ(bench.wants<link::CloseReader>() == nullptr, is_kept);
    // Not where descriptors are scarce.
    bench.tell(link::Changed{}, running(0));
    bench.tell(link::ReadDone{}, {!is_terminal(state), 0, state, kCoordinator, false, true});
    EXPECT_NE(bench.wants<link::CloseReader>(), nullptr);
  }
}

TEST(CoordinatorLink, ARunThatOnlyWaitsBesideTheStreamIsLeftToTheRunner) {
  LinkBench bench;
  bench.go_to(link::State::Beside);
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_TRUE(bench.link().idle());
}

TEST(CoordinatorLink, WhatRunsInThisBootIsNotWarnedOfAfterAReboot) {
  LinkBench bench;
  bench.tell(link::Adopt{true}, running(0));
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(bench.wants<link::WarnRestarted>(), nullptr);
  EXPECT_NE(bench.wants<link::OpenPidfd>(), nullptr);
}

TEST(CoordinatorLink, AStopOfTheRunUnderWayLeavesTheDeferredOne) {
  LinkBench bench;
  bench.run_one(0);
  bench.tell(link::Start{{0, 1, 5}}, waiting(1));
  bench.tell(link::Stop{0, false}, waiting(1));
  EXPECT_EQ(bench.wants<link::TellCancelled>(), nullptr);
  EXPECT_NE(bench.wants<link::Send>(), nullptr);
  bench.tell(link::ChildGone{0}, waiting(1));
  bench.tell(link::ReadDone{}, waiting(1));
  EXPECT_NE(bench.wants<link::Enqueue>(), nullptr);
}

TEST(CoordinatorLink, PatienceIsNotRenewedByAskingAgain) {
  LinkBench bench(false);
  bench.send(0);
  bench.tell(link::Stop{0, true}, waiting(0));
  const Microseconds asked = bench.now;
  bench.now += kSecond / 100;
  bench.tell(link::Timer{}, waiting(0));  // a look comes before
  EXPECT_EQ(bench.wants<link::ReplaceServer>(), nullptr);
  bench.tell(link::ReadDone{}, waiting(0));
  bench.tell(link::Stop{0, true}, waiting(0));
  bench.now = asked + 5 * kSecond;
  bench.tell(link::Timer{}, waiting(0));
  EXPECT_NE(bench.wants<link::ReplaceServer>(), nullptr);
}

// Its stream can't be read while it is to die: whichever comes first.
TEST(CoordinatorLink, TheEarlierOfTwoTimesIsAskedFor) {
  LinkBench bench;
  bench.run_one(0);
  bench.tell(link::Stop{0, true}, running(0));
  const Microseconds kill_at = *bench.armed();
  bench.tell(link::Changed{}, running(0));
  bench.tell(link::ReadDone{true}, running(0));
  EXPECT_LT(*bench.armed(), kill_at);
  bench.now = *bench.armed();
  bench.tell(link::Timer{}, running(0));
  EXPECT_EQ(bench.wants<link::Send>(), nullptr);
  EXPECT_EQ(bench.armed(), kill_at);
  bench.now = kill_at - 1;
  bench.tell(link::ReadDone{true}, running(0));
  EXPECT_EQ(bench.armed(), kill_at);
}

}  // namespace
}  // namespace thermos
