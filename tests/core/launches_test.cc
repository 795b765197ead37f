// The launches of a task together: who is live, whose time has come, and who was told to end.
#include "core/runner/launches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace thermos {
namespace {

using Line = std::vector<ProcessIndex>;

Line sorted(Line processes) {
  std::sort(processes.begin(), processes.end());
  return processes;
}

// Launches 0 to n - 1 of n.
Launches all_launched(std::size_t n) {
  Launches launches(n);
  for (ProcessIndex p = 0; p < n; ++p) {
    EXPECT_EQ(launches.take(p, LaunchEvent::Start, 0), LaunchAct::Start);
  }
  return launches;
}

TEST(Launches, KnowsWhoIsLive) {
  Launches launches = all_launched(3);
  EXPECT_TRUE(launches.any_live());
  EXPECT_TRUE(launches.take(0, LaunchEvent::Ended, 0));
  EXPECT_FALSE(launches.is_live(0));
  EXPECT_TRUE(launches.is_live(1));
  EXPECT_TRUE(launches.is_live(2));
  EXPECT_EQ(sorted(launches.untold(false)), (Line{1, 2}));
  EXPECT_TRUE(launches.take(2, LaunchEvent::Ended, 0));
  EXPECT_TRUE(launches.take(1, LaunchEvent::Ended, 0));
  EXPECT_FALSE(launches.any_live());
}

TEST(Launches, AnEventThatCanNotComeChangesNothing) {
  Launches launches(1);
  EXPECT_FALSE(launches.take(0, LaunchEvent::Kill, 0));
  EXPECT_FALSE(launches.is_live(0));
  EXPECT_EQ(launches.of(0).state(), LaunchState::Idle);
}

TEST(Launches, ARetryIsDueWhenItsWaitIsOver) {
  Launches launches = all_launched(2);
  EXPECT_FALSE(launches.next_due());
  launches.take(1, LaunchEvent::Short, 1000);
  EXPECT_EQ(launches.next_due(), 1000 + kSecond / 10);
  launches.take(0, LaunchEvent::Died, 2000);
  EXPECT_EQ(launches.next_due(), 2000);
  EXPECT_FALSE(launches.pop_retry(1999));
  EXPECT_EQ(launches.pop_retry(kSecond), 0U);
  EXPECT_EQ(launches.pop_retry(kSecond), 1U);
  EXPECT_FALSE(launches.pop_retry(kSecond));
  EXPECT_FALSE(launches.next_due());
}

TEST(Launches, OneThatShowsItselfIsNotTriedAgain) {
  Launches launches = all_launched(1);
  launches.take(0, LaunchEvent::Short, 0);
  EXPECT_EQ(launches.take(0, LaunchEvent::Found, 0), LaunchAct::None);
  EXPECT_FALSE(launches.next_due());
}

TEST(Launches, ARetryNeedNotWait) {
  Launches launches = all_launched(2);
  launches.take(0, LaunchEvent::Short, 0);
  launches.retry_now(0, 7);
  launches.retry_now(1, 5);  // it awaits none
  EXPECT_EQ(launches.next_due(), 7);
}

TEST(Launches, AKillStandsUntilTheRunEnds) {
  Launches launches = all_launched(3);
  launches.kill_at(0, 30);
  launches.kill_at(1, 20);
  launches.kill_at(2, 20);
  launches.kill_at(0, 10);  // nearer
  EXPECT_EQ(launches.next_due(), 10);
  EXPECT_EQ(launches.with_kill(), (Line{0, 1, 2}));
  launches.take(1, LaunchEvent::Ended, 0);
  EXPECT_EQ(launches.pop_kill(20), 0U);
  EXPECT_EQ(launches.pop_kill(20), 2U);
  EXPECT_FALSE(launches.pop_kill(20));
  EXPECT_FALSE(launches.next_due());
}

TEST(Launches, TheEarlierOfRetryAndKillIsNext) {
  Launches launches = all_launched(2);
  launches.take(0, LaunchEvent::Died, 50);
  launches.kill_at(1, 60);
  EXPECT_EQ(launches.next_due(), 50);
  launches.kill_at(1, 40);
  EXPECT_EQ(launches.next_due(), 40);
}

// A stream says when; one that was written by nobody may say anything.
TEST(Launches, TakesAnyTime) {
  Launches launches = all_launched(1);
  launches.kill_at(0, std::numeric_limits<Microseconds>::min());
  EXPECT_EQ(launches.pop_kill(0), 0U);
  EXPECT_FALSE(launches.pop_kill(0));
}

TEST(Launches, TellsAllOnceAndAgainWhenSomebodyJoined) {
  Launches launches = all_launched(2);
  EXPECT_EQ(launches.untold(false).size(), 2U);
  EXPECT_TRUE(launches.untold(false).empty());
  EXPECT_EQ(launches.untold(true).size(), 2U);
  EXPECT_TRUE(launches.untold(true).empty());
  EXPECT_TRUE(launches.untold(false).empty());
  launches.take(0, LaunchEvent::Ended, 0);
  EXPECT_TRUE(launches.untold(true).empty());
  launches.take(0, LaunchEvent::Start, 0);
  EXPECT_EQ(launches.untold(true).size(), 2U);
}

}  // namespace
}  // namespace thermos
