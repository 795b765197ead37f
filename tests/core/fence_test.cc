// Who may lead a task that was led on another machine.
#include "core/runner/fence.h"

#include <gtest/gtest.h>

namespace thermos {
namespace {

constexpr BootId kHere{1, 1};
constexpr BootId kThere{2, 2};

class FenceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RunnerHeader header;
    header.task_id = "t-1";
    header.hostname = "n1";
    apply(header);
    TaskStatus lead;
    lead.boot = kThere;
    apply(lead);
    facts_.boot = kHere;
    facts_.place.hostname = "n2";
    facts_.reach = LockReach::Unknown;
  }
  void apply(const Record& record) {
    const auto applied = history_.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }
  void led_by_job(const std::string& job, bool yields = false) {
    Leadership place;
    place.hostname = "n1";
    place.engine = "slurm";
    place.job = job;
    place.yields = yields;
    apply(place);
  }
  std::string elsewhere() const {
    const auto verdict = judge_fence(history_, facts_);
    EXPECT_TRUE(verdict.ok());
    return verdict ? verdict->elsewhere : "refused: " + verdict.error().message;
  }
  void expect_refused() const {
    const auto verdict = judge_fence(history_, facts_);
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.error().code, ErrorCode::Busy);
    EXPECT_NE(verdict.error().message.find("was led on n1"), std::string::npos);
    EXPECT_NE(verdict.error().message.find("--take-over"), std::string::npos);
  }

  History history_;
  FenceFacts facts_;
};

TEST_F(FenceTest, ANewTaskHasNoLeaderBefore) {
  history_ = {};
  EXPECT_EQ(elsewhere(), "");
  EXPECT_FALSE(fence_asks_engine(history_, facts_));
}

TEST_F(FenceTest, TheSameBootOrMachineNeedsNoWord) {
  facts_.boot = kThere;
  EXPECT_EQ(elsewhere(), "");
  facts_.boot = kHere;
  facts_.place.hostname = "n1";  // the machine restarted
  EXPECT_EQ(elsewhere(), "");
}

TEST_F(FenceTest, WhatNobodyHereCanKnowIsRefused) {
  expect_refused();
  EXPECT_FALSE(fence_asks_engine(history_, facts_)) << "there is no job to ask for";
}

TEST_F(FenceTest, AFreeLockIsBelievedWhereLocksAreSeen) {
  facts_.reach = LockReach::AllMachines;
  EXPECT_EQ(elsewhere(), "it ran on n1, and nobody there holds its lock");
  facts_.reach = LockReach::ThisMachine;
  EXPECT_EQ(elsewhere(), "it ran on n1, and its disk is this machine's now");
}

TEST_F(FenceTest, APersonMaySayThatItIsOver) {
  facts_.take_over = true;
  EXPECT_EQ(elsewhere(), "it ran on n1, and --take-over says that it is over there");
}

TEST_F(FenceTest, TheSameJobComesBack) {
  led_by_job("17");
  facts_.place.engine = "slurm";
  facts_.place.job = "17";
  facts_.place.restarts = 1;
  EXPECT_EQ(elsewhere(), "it ran on n1, and slurm job 17 came back here");
  facts_.place.job = "18";
  expect_refused();
  facts_.place.engine = "sge";
  facts_.place.job = "17";
  expect_refused();
}

TEST_F(FenceTest, TheEngineIsAskedOnlyWhereItDecides) {
  led_by_job("17");
  EXPECT_TRUE(fence_asks_engine(history_, facts_));
  facts_.job_ended = true;
  EXPECT_TRUE(fence_asks_engine(history_, facts_)) << "whatever was answered before";
  EXPECT_EQ(elsewhere(), "it ran on n1, and slurm job 17 has ended");
  facts_.reach = LockReach::AllMachines;
  EXPECT_FALSE(fence_asks_engine(history_, facts_));
}

TEST_F(FenceTest, ALeaderThatYieldedIsGone) {
  led_by_job("17", true);
  EXPECT_EQ(elsewhere(), "");
}

TEST_F(FenceTest, AYieldThatLeftARunIsNoSuchWord) {
  ProcessStatus status;
  status.process = "p";
  apply(status);
  led_by_job("17", true);
  EXPECT_EQ(elsewhere(), "") << "it had not begun to run";
  status.seq = 1;
  status.state = ProcessState::Forked;
  status.boot = kThere;
  apply(status);
  expect_refused();
}

TEST_F(FenceTest, ATaskThatNobodyHasLedYetNeedsNoWord) {
  history_ = {};
  RunnerHeader header;
  header.task_id = "t-1";
  header.hostname = "n1";
  apply(header);
  EXPECT_EQ(elsewhere(), "");
}

}  // namespace
}  // namespace thermos
