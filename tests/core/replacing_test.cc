// The machine of one replacement of a configuration: what it asks for, in which order.
#include "core/runner/replacing.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "runner_fixture.h"

namespace thermos {
namespace {

using Act = Replacing::Act;

class ReplacingTest : public RunnerFixture {
 protected:
  void SetUp() override {
    add("keep");
    add("change");
    add("drop");
    start();
    for (ProcessIndex p = 0; p < 3; ++p) {
      tell(wrote(p, 1, 0, State::Forked));
      tell(wrote(p, 2, 0, State::Running));
    }
  }
  static Replacement record() {
    Replacement record;
    record.generation = 1;
    record.changed = {"change"};
    record.removed = {"drop"};
    record.added = {"new"};
    return record;
  }
  Act next(bool idle = true) { return replacing_.next(*runner_, {true, idle, now_.boot}); }
  void stop_both() {
    ASSERT_EQ(next(), Act::Stop);
    for (const std::string& name : replacing_.to_stop()) {
      tell(OrderRequest{name, Verb::Stop, {}, "replaced"});
    }
    tell(wrote(1, 3, 0, State::Killed));
    tell(wrote(2, 3, 0, State::Killed));
    tell(CoordinatorGone{1, 0});
    tell(CoordinatorGone{2, 0});
  }

  Replacing replacing_{record(), false};
};

TEST_F(ReplacingTest, WhatStopsIsOnTheDiskBeforeTheTasksFileChangesAndThatBeforeTheRecord) {
  ASSERT_EQ(next(), Act::Stop);
  EXPECT_EQ(replacing_.to_stop(), (std::vector<std::string>{"change", "drop"}));
  stop_both();
  EXPECT_EQ(next(false), Act::Wait) << "something is to be carried out";
  EXPECT_EQ(next(), Act::SyncRecord);
  EXPECT_EQ(next(), Act::WriteTask);
  EXPECT_EQ(next(), Act::Wait) << "until it is told";
  replacing_.task_written(true, now_.boot);
  EXPECT_EQ(next(), Act::TakeLead);
  EXPECT_EQ(next(), Act::SyncRecord);
  EXPECT_EQ(next(), Act::RemoveFile);
}

TEST_F(ReplacingTest, NothingChangesWhileOneIsUnderWay) {
  ASSERT_EQ(next(), Act::Stop);
  for (const std::string& name : replacing_.to_stop()) {
    tell(OrderRequest{name, Verb::Stop, {}, "replaced"});
  }
  EXPECT_EQ(next(), Act::Wait);
  // Somebody starts it meanwhile.
  tell(OrderRequest{"change", Verb::Start, {}, "somebody"});
  ASSERT_EQ(next(), Act::Stop);
  EXPECT_EQ(replacing_.to_stop(), std::vector<std::string>{"change"});
}

TEST_F(ReplacingTest, AFullDiskIsTriedAgainLater) {
  stop_both();
  EXPECT_EQ(next(), Act::SyncRecord);
  EXPECT_EQ(next(), Act::WriteTask);
  replacing_.task_written(false, now_.boot);
  ASSERT_TRUE(replacing_.again_at());
  EXPECT_EQ(next(), Act::Wait);
  now_ = later(now_, *replacing_.again_at() - now_.boot - 1);
  EXPECT_EQ(next(), Act::Wait);
  now_ = later(now_, 1);
  EXPECT_EQ(next(), Act::SyncRecord);
  EXPECT_FALSE(replacing_.again_at());
}

TEST_F(ReplacingTest, ATaskThatEndsStaysAsItIs) {
  ASSERT_EQ(next(), Act::Stop);
  tell(KillRequest{});
  EXPECT_EQ(next(), Act::CallOff);
}

TEST_F(ReplacingTest, ATaskThatYieldsLeavesItToTheNextLeader) {
  tell(YieldRequest{kSecond, "the machine goes"});
  EXPECT_EQ(next(), Act::Wait);
  EXPECT_EQ(replacing_.next(*runner_, {false, true, now_.boot}), Act::Abandon);
}

// Only of a new leader that finds the task's file as the replacement has it.
TEST_F(ReplacingTest, TheFirstLeadHasTheRecordIfNothingOfItRuns) {
  Replacing again(record(), true);
  EXPECT_FALSE(again.takes_lead_at_once(runner_->history())) << "two run yet";
  stop_both();
  EXPECT_FALSE(replacing_.takes_lead_at_once(runner_->history())) << "the file is as it was";
  EXPECT_TRUE(again.takes_lead_at_once(runner_->history()));
  EXPECT_EQ(again.next(*runner_, {}), Act::SyncRecord);
  EXPECT_EQ(again.next(*runner_, {}), Act::RemoveFile);
  tell(KillRequest{});
  EXPECT_FALSE(Replacing(record(), true).takes_lead_at_once(runner_->history())) << "it ends";
}

// A leader that finds more on record than the one before had on the disk.
TEST_F(ReplacingTest, WhatItAddsIsStoppedTooIfItRuns) {
  Replacement adds;
  adds.generation = 1;
  adds.added = {"keep"};
  Replacing again(std::move(adds), true);
  ASSERT_FALSE(again.takes_lead_at_once(runner_->history()));
  EXPECT_EQ(again.next(*runner_, {}), Act::Stop);
  EXPECT_EQ(again.to_stop(), std::vector<std::string>{"keep"});
}

}  // namespace
}  // namespace thermos
