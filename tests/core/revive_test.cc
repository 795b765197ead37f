// A process that has failed for good is revived by an order; and one that is killed again and
// again fails for good.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <variant>

#include "core/runner/outlook.h"
#include "runner_fixture.h"

namespace thermos {
namespace {

class ReviveTest : public RunnerFixture {
 protected:
  // "p", and what waits for it; and "other", which keeps the task open.
  void SetUp() override {
    ProcessConfig& process = add("p");
    process.max_failures = 2;
    process.min_duration = 0;
    add("after").needs.entries = {{"p", Condition::Success}};
    add("other");
    task_.max_failures = 0;
  }
  // Its run that was started ends so.
  void end_it(State end, Origin origin = Origin::Recorded) {
    tell(wrote(0, seq_ + 1, run_, State::Forked));
    tell(wrote(0, seq_ + 2, run_, State::Running));
    CoordinatorRecord last = wrote(0, seq_ + 3, run_, end);
    last.status.origin = origin;
    last.status.return_code = end == State::Killed ? -9 : 1;
    tell(last);
    seq_ += 4;
    ++run_;
  }
  void order(Verb verb) { tell(OrderRequest{"p", verb, {}, "someone"}); }
  bool started() const {
    const std::vector<StartProcess> starts = all<StartProcess>();
    return std::any_of(starts.begin(), starts.end(),
                       [](const StartProcess& start) { return start.process == 0; });
  }
  bool fatal() const { return outlook_of(task_, 0, runner_->past(0), now_.wall).fatal; }
  // Another runner takes over what is left of this one's records, all of them or few.
  void resume(bool compacted) {
    hand_over(compacted);
    start();
  }

  std::uint64_t seq_ = 0;
  std::uint32_t run_ = 0;
};

TEST_F(ReviveTest, AStartRunsItAgainAndCountsAnew) {
  start();
  end_it(State::Failed);
  EXPECT_TRUE(started());
  end_it(State::Failed);
  EXPECT_FALSE(started());
  EXPECT_TRUE(fatal());
  EXPECT_FALSE(runner_->may_order("p", Verb::Stop));
  order(Verb::Start);
  EXPECT_TRUE(started());
  EXPECT_FALSE(fatal());
  end_it(State::Failed);
  EXPECT_TRUE(started()) << "the first failure of two";
  end_it(State::Failed);
  EXPECT_TRUE(fatal());
  order(Verb::Restart);
  EXPECT_TRUE(started());
  end_it(State::Success);
  EXPECT_EQ(appended(1), std::vector<State>{State::Waiting}) << "who waited for it";
}

TEST_F(ReviveTest, AResumeGoesOnWhereverItStands) {
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    history_ = {};
    seq_ = run_ = 0;
    start();
    end_it(State::Failed);
    end_it(State::Failed);
    resume(compacted);
    EXPECT_TRUE(fatal());
    EXPECT_FALSE(started());
    // The order is on record, and nothing of it was done.
    order(Verb::Start);
    resume(compacted);
    EXPECT_FALSE(fatal());
    ASSERT_EQ(runner_->past(0).next_run, 3U) << "it was started";
    end_it(State::Failed);
    EXPECT_TRUE(started());
    resume(compacted);
    end_it(State::Failed);
    EXPECT_TRUE(fatal());
    resume(compacted);
    EXPECT_TRUE(fatal());
    EXPECT_EQ(runner_->past(0).totals.failed, 4U);
  }
}

TEST_F(ReviveTest, AnOrderThatNobodyLivedToCarryOutIsCarriedOutAtTheResume) {
  start();
  end_it(State::Failed);
  end_it(State::Failed);
  history_ = runner_->history();
  ProcessOrder order;
  order.process = "p";
  order.revives = true;
  recorded(order);
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    lead();
    const History known = history_;
    EXPECT_FALSE(fatal());
    resume(compacted);
    EXPECT_TRUE(started());
    history_ = known;
  }
}

TEST_F(ReviveTest, OneThatIsStoppedAfterwardsStaysStopped) {
  start();
  end_it(State::Failed);
  end_it(State::Failed);
  task_.max_concurrency = 1;  // so that it is not started at once
  resume(false);
  order(Verb::Start);
  EXPECT_FALSE(started());
  order(Verb::Stop);
  for (const bool compacted : {false, true}) {
    resume(compacted);
    EXPECT_TRUE(runner_->past(0).held);
    EXPECT_FALSE(fatal());
  }
  EXPECT_TRUE(runner_->may_order("p", Verb::Start));
}

TEST_F(ReviveTest, WhatNeedsItsEndHasIt) {
  task_.processes[1].needs.entries = {{"p", Condition::End}};
  task_.processes[1].daemon = true;
  start();
  end_it(State::Failed);
  end_it(State::Failed);
  EXPECT_EQ(appended(1), std::vector<State>{State::Waiting});
  order(Verb::Start);
  tell(wrote(1, 1, 0, State::Forked));
  for (const bool compacted : {false, true}) {
    resume(compacted);
    EXPECT_TRUE(runner_->past(0).live());
    tell(CoordinatorGone{1, 0, false});
    EXPECT_EQ(all<Sweep>().size(), 1U) << "its run was taken over";
  }
}

TEST_F(ReviveTest, OneWithoutARunNumberLeftIsNotRevived) {
  recorded(TaskState::Active);
  ProcessSummary past;
  past.process = "p";
  past.next_run = std::numeric_limits<std::uint32_t>::max() - 2;
  past.next_seq = std::uint64_t{past.next_run} * 4;
  past.totals.failed = 1;
  past.totals.lost = past.next_run - 1;
  recorded(past);
  seq_ = past.next_seq;
  run_ = past.next_run;
  recorded(record("p", seq_, run_, State::Waiting));
  recorded(record("p", seq_ + 1, run_, State::Failed));
  start();
  const Status may = runner_->may_order("p", Verb::Start);
  ASSERT_FALSE(may.ok());
  EXPECT_EQ(may.error().message, "p has run as often as it can: no number is left");
}

TEST_F(ReviveTest, KillsFailItWhenThereAreTooMany) {
  task_.processes[0].max_kills = 2;
  start();
  end_it(State::Killed);
  EXPECT_TRUE(started());
  end_it(State::Failed);
  EXPECT_TRUE(started()) << "a failure is no kill";
  end_it(State::Lost);
  EXPECT_TRUE(started()) << "nor is a loss";
  resume(true);
  end_it(State::Killed);
  EXPECT_FALSE(started());
  EXPECT_TRUE(fatal());
  EXPECT_EQ(run(0).state, State::Killed);
  EXPECT_EQ(run(0).reason, "killed 2 times, which is max_kills");
  resume(true);
  EXPECT_TRUE(fatal());
  order(Verb::Start);
  EXPECT_TRUE(started());
  end_it(State::Killed);
  EXPECT_TRUE(started());
  EXPECT_EQ(runner_->past(0).kills(), 1U);
}

TEST_F(ReviveTest, TheLastKillKeepsItsReason) {
  task_.processes[0].max_kills = 1;
  start();
  tell(wrote(0, 1, 0, State::Forked));
  CoordinatorRecord end = wrote(0, 2, 0, State::Killed);
  end.status.reason = "out of memory";
  tell(end);
  EXPECT_EQ(run(0).reason, "out of memory; killed once, which is max_kills");
}

TEST_F(ReviveTest, AKillByAnOrderDoesNotCount) {
  task_.processes[0].max_kills = 1;
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  order(Verb::Restart);
  tell(wrote(0, 3, 0, State::Killed));
  EXPECT_TRUE(started());
  EXPECT_EQ(runner_->past(0).totals.ordered, 1U);
  resume(true);
  tell(wrote(0, 5, 1, State::Forked));
  tell(wrote(0, 6, 1, State::Killed));
  EXPECT_TRUE(fatal());
}

TEST_F(ReviveTest, KillsFailTheTaskAsFailuresDo) {
  task_.processes[0].max_kills = 1;
  task_.max_failures = 1;
  start();
  end_it(State::Killed);
  EXPECT_EQ(runner_->state(), TaskState::Cleaning);
}

TEST_F(ReviveTest, AnEphemeralProcessThatIsKilledTooOftenIsDone) {
  task_.processes[0].max_kills = 1;
  task_.processes[0].ephemeral = true;
  task_.processes.resize(1);
  add("other");
  start();
  end_it(State::Killed);
  EXPECT_FALSE(started());
  EXPECT_FALSE(fatal());
  EXPECT_EQ(runner_->state(), TaskState::Active);
}

TEST_F(ReviveTest, ASummaryThatAddsUpToNoPastIsRefused) {
  recorded(TaskState::Active);
  ProcessSummary past;
  past.process = "p";
  past.next_run = 3;
  past.next_seq = 9;
  past.totals = {0, 2, 1, 0, 1};
  const auto refused = [&](auto change) {
    ProcessSummary wrong = past;
    change(wrong);
    History history = history_;
    return !history.apply(wrong).ok();
  };
  EXPECT_FALSE(refused([](ProcessSummary& /*s*/) {}));
  EXPECT_TRUE(refused([](ProcessSummary& s) { s.totals.ordered = 2; }));
  EXPECT_TRUE(refused([](ProcessSummary& s) { s.forgiven.runs = 4; }));
  EXPECT_TRUE(refused([](ProcessSummary& s) { s.forgiven.failed = 3; }));
  EXPECT_TRUE(refused([](ProcessSummary& s) { s.forgiven.killed = 1; }));
}

}  // namespace
}  // namespace thermos
