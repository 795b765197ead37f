#include "core/runner/launch_admission.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace thermos {
namespace {

using Launch = LaunchAdmission::Launch;
using News = LaunchAdmission::News;

AdmissionLimits at_a_time(std::uint32_t launches) {
  AdmissionLimits limits;
  limits.launches = launches;
  return limits;
}

class LaunchAdmissionTest : public ::testing::Test {
 protected:
  void ask(LaunchAdmission::Owner owner, ProcessIndex from, ProcessIndex until) {
    for (ProcessIndex p = from; p < until; ++p) admission_.enqueue({owner, p}, false);
  }
  // All that may go on now.
  std::vector<Launch> go() {
    std::vector<Launch> all;
    while (const auto launch = admission_.next(now_)) all.push_back(*launch);
    return all;
  }
  void work(const std::vector<Launch>& launches) {
    for (const Launch& launch : launches) admission_.over(launch, true, now_);
  }
  // It waits again, as its link lets it.
  void fail(Launch launch, Shortage shortage = Shortage::Pids) {
    admission_.over(launch, false, now_);
    admission_.short_of(launch, shortage, "no room", now_);
    if (is_machine_wide(shortage)) admission_.enqueue(launch, true);
  }
  // "pids 3" begins with three that wait, "pids over" ends; with "1:" in front, of task 1.
  std::string said() {
    std::string text;
    for (const News& news : admission_.news()) {
      if (!text.empty()) text += ", ";
      if (news.owner) text += std::to_string(*news.owner) + ":";
      text += std::string(name_of(news.shortage)) +
              (news.over ? " over" : " " + std::to_string(news.waiting));
      EXPECT_EQ(news.reason, news.over ? "" : "no room");
    }
    return text;
  }

  LaunchAdmission admission_{at_a_time(4)};
  Microseconds now_ = 1000 * kSecond;
};

TEST(LaunchAdmission, OfFewDescriptorsOnlyAPartIsUsed) {
  EXPECT_EQ(limits_for_descriptors(16).launches, 1u);
  for (const std::uint64_t descriptors : {64u, 256u, 1024u, 20'000u, 524'288u}) {
    const AdmissionLimits limits = limits_for_descriptors(descriptors);
    EXPECT_GE(limits.launches, 1u);
    EXPECT_LE(limits.launches, 64u);
    // Seven for each launch, and what is kept open, leave some for all else.
    EXPECT_LT(7 * limits.launches + limits.scarce_from, descriptors * 3 / 4) << descriptors;
  }
}

TEST_F(LaunchAdmissionTest, NoMoreThanSoManyAreUnderWay) {
  ask(1, 0, 10'000);
  std::size_t launched = 0;
  for (auto launches = go(); !launches.empty(); launches = go()) {
    EXPECT_LE(launches.size(), 4u);
    launched += launches.size();
    work(launches);
  }
  EXPECT_EQ(launched, 10'000u);
  EXPECT_EQ(said(), "");
  EXPECT_FALSE(admission_.wakes_at());
}

TEST_F(LaunchAdmissionTest, TheyGoInTheOrderOfAskingAndTasksInTurns) {
  ask(1, 0, 100);
  ask(2, 7, 8);
  const auto first = go();
  EXPECT_EQ(first, (std::vector<Launch>{{1, 0}, {2, 7}, {1, 1}, {1, 2}}));
}

TEST_F(LaunchAdmissionTest, WhoIsNotWantedAnyMoreDoesNotGo) {
  ask(1, 0, 6);
  admission_.dequeue({1, 1});
  EXPECT_EQ(go(), (std::vector<Launch>{{1, 0}, {1, 2}, {1, 3}, {1, 4}}));
}

TEST_F(LaunchAdmissionTest, WhatATaskHadIsFreeWhenItLeaves) {
  ask(1, 0, 6);
  ask(2, 0, 1);
  go();
  admission_.leave(1);
  EXPECT_TRUE(go().empty());  // that of task 2 is under way
  ask(2, 1, 9);
  EXPECT_EQ(go().size(), 3u);
  admission_.over({1, 0}, true, now_);  // a late answer
  EXPECT_TRUE(go().empty());
}

TEST_F(LaunchAdmissionTest, AShortageIsSaidOnceAndItsEndOnce) {
  ask(1, 0, 3000);
  for (const Launch& launch : go()) fail(launch);
  EXPECT_EQ(said(), "pids 3000, 1:pids 3000");
  EXPECT_EQ(said(), "");
  int tries = 0;
  for (; tries < 10; ++tries) {
    ASSERT_TRUE(admission_.wakes_at());
    now_ = *admission_.wakes_at();
    const auto one = go();
    ASSERT_EQ(one, (std::vector<Launch>{{1, 3}}));  // in front: the last that failed
    fail(one[0]);
    EXPECT_EQ(said(), "");
  }
  now_ = *admission_.wakes_at();
  std::string all;
  std::size_t launched = 0;
  for (auto launches = go(); !launches.empty(); launches = go()) {
    launched += launches.size();
    work(launches);
    all += said();
  }
  EXPECT_EQ(launched, 3000u);
  EXPECT_EQ(all, "pids over, 1:pids over");
}

TEST_F(LaunchAdmissionTest, TriesComeEverMoreSlowlyAndOneAtATime) {
  ask(1, 0, 100);
  for (const Launch& launch : go()) fail(launch);
  Microseconds wait = kSecond / 10;
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(admission_.wakes_at());
    EXPECT_EQ(*admission_.wakes_at() - now_, wait);
    now_ = *admission_.wakes_at() - 1;
    EXPECT_TRUE(go().empty());
    ++now_;
    const auto one = go();
    ASSERT_EQ(one.size(), 1u);
    fail(one[0]);
    wait = std::min(2 * wait, 5 * kSecond);
  }
}

TEST_F(LaunchAdmissionTest, ARunThatEndsMakesRoomForATryAtOnce) {
  ask(1, 0, 100);
  for (const Launch& launch : go()) fail(launch);
  EXPECT_TRUE(go().empty());
  admission_.room(now_);
  const auto one = go();
  ASSERT_EQ(one.size(), 1u);
  work(one);
  EXPECT_EQ(go().size(), 2u);
}

TEST_F(LaunchAdmissionTest, AsLongAsItGoesOnAndOffItIsNotOver) {
  ask(1, 0, 100);
  for (const Launch& launch : go()) fail(launch);
  EXPECT_EQ(said(), "pids 100, 1:pids 100");
  for (int i = 0; i < 20; ++i) {
    admission_.room(now_);
    const auto one = go();
    ASSERT_EQ(one.size(), 1u);
    work(one);
    const auto next = go();
    ASSERT_FALSE(next.empty());
    for (const Launch& launch : next) fail(launch);
    EXPECT_EQ(said(), "");
  }
}

TEST_F(LaunchAdmissionTest, AFullDiskHoldsNobodyElseUp) {
  ask(1, 0, 1);
  ask(2, 0, 50);
  for (const Launch& launch : go()) {
    launch.owner == 1 ? fail(launch, Shortage::Disk) : work({launch});
  }
  EXPECT_EQ(said(), "disk 1, 1:disk 1");
  EXPECT_EQ(go().size(), 4u);
  // The runner has called it off, and nobody tells.
  admission_.review(1, [](ProcessIndex) { return true; });
  EXPECT_EQ(said(), "");
  admission_.review(1, [](ProcessIndex) { return false; });
  EXPECT_EQ(said(), "disk over, 1:disk over");
}

TEST_F(LaunchAdmissionTest, WhatIsOverInTheTurnInWhichItBeganIsNotSaid) {
  ask(1, 0, 1);
  fail(go().at(0));
  admission_.dequeue({1, 0});
  EXPECT_EQ(said(), "");
  EXPECT_EQ(said(), "");
}

TEST_F(LaunchAdmissionTest, ATaskThatIsKilledInAShortageEndsIt) {
  ask(1, 0, 3);
  for (const Launch& launch : go()) fail(launch);
  EXPECT_EQ(said(), "pids 3, 1:pids 3");
  for (ProcessIndex p = 0; p < 3; ++p) admission_.dequeue({1, p});
  EXPECT_EQ(said(), "pids over, 1:pids over");
  EXPECT_FALSE(admission_.wakes_at());
  // The next one finds all open.
  ask(1, 0, 10);
  EXPECT_EQ(go().size(), 4u);
}

TEST_F(LaunchAdmissionTest, ATaskThatLeavesInAShortageEndsItForTheMachineAlone) {
  ask(1, 0, 3);
  for (const Launch& launch : go()) fail(launch);
  EXPECT_EQ(said(), "pids 3, 1:pids 3");
  admission_.leave(1);
  EXPECT_EQ(said(), "pids over");
}

TEST_F(LaunchAdmissionTest, EveryTaskWhoseLaunchesAreHeldUpIsTold) {
  ask(1, 0, 2);
  ask(2, 0, 2);
  ask(3, 0, 5);
  const auto first = go();
  for (const Launch& launch : first) launch.owner == 1 ? fail(launch) : work({launch});
  EXPECT_EQ(said(), "pids 7, 1:pids 2, 2:pids 1, 3:pids 4");
}

TEST_F(LaunchAdmissionTest, AReadingThatFailsIsOverWhenItWorks) {
  admission_.short_of({1, 3}, Shortage::Descriptors, "no room", now_);
  EXPECT_EQ(said(), "descriptors 1, 1:descriptors 1");
  admission_.short_of({1, 3}, Shortage::Descriptors, "no room", now_);
  EXPECT_EQ(said(), "");
  admission_.settled({1, 3});
  EXPECT_EQ(said(), "descriptors over, 1:descriptors over");
}

TEST_F(LaunchAdmissionTest, TwoShortagesAreTwo) {
  ask(1, 0, 4);
  const auto first = go();
  fail(first[0], Shortage::Pids);
  fail(first[1], Shortage::Disk);
  work({first[2], first[3]});
  EXPECT_EQ(said(), "pids 1, disk 1, 1:pids 1");
  admission_.settled(first[1]);
  EXPECT_EQ(said(), "disk over");
  now_ = *admission_.wakes_at();
  work(go());
  EXPECT_EQ(said(), "pids over, 1:pids over");
}

TEST_F(LaunchAdmissionTest, TheEndOfOneShortageOpensNothingWhileAnotherHoldsOn) {
  for (const Shortage other : {Shortage::Descriptors, Shortage::Pids}) {
    LaunchAdmission admission(at_a_time(2));
    admission.enqueue({1, 0}, false);
    admission.enqueue({1, 1}, false);
    const Launch first = *admission.next(now_);
    const Launch second = *admission.next(now_);
    admission.over(first, false, now_);
    admission.short_of(first, other, "no room", now_);
    admission.over(second, false, now_);
    admission.short_of(second, Shortage::Memory, "no room", now_);
    EXPECT_FALSE(admission.news().empty());
    admission.settled(first);
    EXPECT_FALSE(admission.news().empty()) << "the first is over";
    admission.enqueue({1, 2}, false);
    EXPECT_EQ(admission.next(now_), std::nullopt);
  }
}

}  // namespace
}  // namespace thermos
