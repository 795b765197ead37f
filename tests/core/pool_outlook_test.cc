// Who has and who waits for pools, by what is on record.
#include "core/runner/pool_outlook.h"

#include <gtest/gtest.h>

#include "runner_fixture.h"

namespace thermos {
namespace {

class PoolsOfATask : public RunnerFixture {
 protected:
  ProcessConfig& user(const std::string& name, std::uint32_t amount = 1) {
    ProcessConfig& process = add(name);
    process.uses.entries = {{"seat", amount}};
    return process;
  }
  // "1 of 2: a | b"
  std::string seats() const {
    std::string text;
    for (const PoolOutlook& pool : pool_outlooks(task_, runner_->history(), now_.wall)) {
      text += std::to_string(pool.used()) + " of " + (pool.size ? std::to_string(*pool.size) : "?");
      text += ":";
      for (const auto& share : pool.used_by) text += " " + share.process;
      text += " |";
      for (const auto& share : pool.waiting) text += " " + share.process;
    }
    return text;
  }
};

TEST_F(PoolsOfATask, WhoRunsHasItsShareAndTheOthersWait) {
  task_.pools.entries = {{"seat", 2}};
  user("a", 2);
  user("b");
  user("needy").needs.entries = {{"a", Condition::Success}};
  add("other");
  start();
  EXPECT_EQ(seats(), "2 of 2: a | b");
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  tell(wrote(0, 3, 0, State::Success));
  EXPECT_EQ(seats(), "2 of 2: b needy |");
}

TEST_F(PoolsOfATask, WhoMayNotRunDoesNotWait) {
  task_.pools.entries = {{"seat", 1}};
  user("a");
  user("held");
  user("last").final = true;
  start();
  tell(OrderRequest{"held", Verb::Stop, {}, "not now"});
  EXPECT_EQ(seats(), "1 of 1: a |");
}

TEST_F(PoolsOfATask, NobodyWaitsWhereNothingUsesThemOrTheTaskIsEnding) {
  add("a");
  start();
  EXPECT_EQ(seats(), "");
  user("b");
  task_.pools.entries = {{"seat", 1}};
  user("c");
  EXPECT_NE(seats(), "");
  tell(KillRequest{});
  EXPECT_EQ(seats(), "");
}

TEST_F(PoolsOfATask, FinalizersHaveTheirOwn) {
  task_.pools.entries = {{"other", 1}, {"seat", 1}};
  add("a");
  user("last").final = true;
  user("next").final = true;
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  tell(wrote(0, 3, 0, State::Success));
  EXPECT_EQ(seats(), "1 of 1: last | next");
}

TEST_F(PoolsOfATask, WhoHasNoPlaceAmongTheConcurrentDoesNotWaitForThem) {
  task_.pools.entries = {{"seat", 2}};
  task_.max_concurrency = 1;
  user("a");
  user("b", 2);
  start();
  EXPECT_EQ(seats(), "1 of 2: a |");
}

TEST_F(PoolsOfATask, WhatHasFailedOrWasKilledTooOftenIsOver) {
  task_.pools.entries = {{"seat", 1}};
  task_.max_failures = 0;
  user("a").max_failures = 0;
  task_.processes[0].max_kills = 1;
  user("b").needs.entries = {{"a", Condition::End}};
  user("c").needs.entries = {{"a", Condition::Success}};
  user("d").daemon = true;
  start();
  EXPECT_EQ(seats(), "1 of 1: a | d");
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  tell(wrote(0, 3, 0, State::Killed));
  EXPECT_EQ(seats(), "1 of 1: d | b");
  tell(OrderRequest{"a", Verb::Start, {}, "again"});
  EXPECT_EQ(seats(), "1 of 1: d | a b");
}

TEST_F(PoolsOfATask, WhatFailedForGoodLetsItsFollowersWait) {
  task_.pools.entries = {{"seat", 1}};
  task_.max_failures = 0;
  user("a");
  user("b").needs.entries = {{"a", Condition::End}};
  user("c").needs.entries = {{"a", Condition::Success}};
  user("d");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  tell(wrote(0, 3, 0, State::Failed));
  EXPECT_EQ(seats(), "1 of 1: d | b");
}

TEST_F(PoolsOfATask, OfTheDaemonsTheSizeIsNotKnown) {
  user("a");
  task_.pools.entries.clear();
  const History none;
  std::vector<PoolOutlook> pools = pool_outlooks(task_, none, 0);
  ASSERT_EQ(pools.size(), 1U);
  EXPECT_FALSE(pools[0].size);
  ASSERT_EQ(pools[0].waiting.size(), 1U);
  EXPECT_EQ(pools[0].waiting[0].process, "a");
}

TEST_F(PoolsOfATask, WhoHasAPlaceAmongTheConcurrentWaitsForThem) {
  task_.pools.entries = {{"seat", 1}};
  task_.max_concurrency = 2;
  user("a");
  user("b");
  start();
  EXPECT_EQ(seats(), "1 of 1: a | b");
}

TEST_F(PoolsOfATask, WhoIsAboutToStartWaitsForNobody) {
  task_.pools.entries = {{"seat", 1}};
  user("a");
  EXPECT_TRUE(pool_outlooks(task_, History(), 0).empty());
}

TEST_F(PoolsOfATask, WhoRunsAgainWaitsAgainWhenItsPauseIsOver) {
  task_.pools.entries = {{"seat", 3}};
  task_.max_failures = 0;
  user("daemon").daemon = true;
  user("fails").max_failures = 2;
  user("killed").max_kills = 2;
  user("blocker", 3);
  user("done");
  start();
  const std::vector<State> ends = {State::Success, State::Failed, State::Killed};
  for (ProcessIndex p = 0; p < ends.size(); ++p) {
    tell(wrote(p, 1, 0, State::Forked));
    tell(wrote(p, 2, 0, State::Running));
    tell(wrote(p, 3, 0, ends[p]));
  }
  EXPECT_EQ(seats(), "3 of 3: blocker | done");
  now_ = later(now_, 5 * kSecond);
  EXPECT_EQ(seats(), "3 of 3: blocker | daemon fails killed done");
}

}  // namespace
}  // namespace thermos
