// A task that gives its machine back, and the leader that goes on with it.
#include <algorithm>

#include "runner_fixture.h"

namespace thermos {
namespace {

class YieldTest : public RunnerFixture {
 protected:
  void begin(Microseconds hold = 0, Microseconds until = 0) {
    task_.name = "t";
    auto graph = check_task(task_);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    graph_ = std::move(*graph);
    runner_ = std::make_unique<Runner>(task_, graph_, history_);
    Lead lead;
    lead.header.task_id = "t-1";
    lead.boot = kBoot;
    lead.hold = hold;
    lead.place.hostname = "n1";
    lead.place.engine = "slurm";
    lead.place.job = "17";
    lead.place.until = until;
    tell(lead);
    const std::vector<Effect> first = effects_;
    tell(TimerDue{});
    effects_.insert(effects_.begin(), first.begin(), first.end());
  }
  void run_begins(ProcessIndex p) {
    const thermos::Run now = run(p);
    tell(wrote(p, now.seq + 1, now.number, State::Forked));
    tell(wrote(p, now.seq + 2, now.number, State::Running));
  }
  void run_ends(ProcessIndex p, State end) {
    const thermos::Run now = run(p);
    tell(wrote(p, now.seq + 1, now.number, end));
  }
  // The next leader, with all records or with those of a compacted stream.
  void come_back(bool compacted) {
    hand_over(compacted);
    begin();
  }
  bool stands_down() const { return !all<StandDown>().empty(); }
  std::vector<ProcessIndex> starts() const {
    std::vector<ProcessIndex> started;
    for (const StartProcess& start : all<StartProcess>()) started.push_back(start.process);
    std::sort(started.begin(), started.end());
    return started;
  }
};

TEST_F(YieldTest, WhatRunsIsEndedAndRunsAgain) {
  for (const bool compacted : {false, true}) {
    task_ = {};
    history_ = {};
    add("a");
    add("b");
    add("c").needs.entries = {{"a", Condition::Success}};
    begin();
    run_begins(0);
    run_begins(1);
    tell(YieldRequest{25 * kSecond, "SIGTERM"});
    EXPECT_EQ(all<Terminate>().size(), 2U);
    EXPECT_FALSE(stands_down());
    run_ends(0, State::Success);  // as it was told to end
    EXPECT_TRUE(starts().empty()) << "nothing starts";
    run_ends(1, State::Failed);
    EXPECT_TRUE(stands_down());
    EXPECT_TRUE(runner_->done());
    EXPECT_TRUE(runner_->history().yielded());
    EXPECT_EQ(runner_->state(), TaskState::Active);
    EXPECT_EQ(run(0).state, State::Success);
    EXPECT_EQ(run(1).state, State::Killed);
    EXPECT_EQ(run(1).reason, "ended as the task yielded");
    EXPECT_EQ(runner_->past(1).failures(), 0U);
    EXPECT_EQ(runner_->past(1).kills(), 0U);

    come_back(compacted);
    EXPECT_FALSE(runner_->history().yielded());
    EXPECT_EQ(starts(), (std::vector<ProcessIndex>{1, 2})) << "without min_duration";
  }
}

TEST_F(YieldTest, ItsTimeEndsBySigkill) {
  add("a").on_yield = OnYield{SignalNumber{10}, 2 * kSecond};
  add("b");
  begin();
  run_begins(0);
  run_begins(1);
  tell(YieldRequest{25 * kSecond, {}});
  ASSERT_EQ(all<Terminate>().size(), 2U);
  EXPECT_EQ(all<Terminate>()[0].signal, 10);
  EXPECT_EQ(all<Terminate>()[1].signal, 0);
  ASSERT_FALSE(all<SetTimer>().empty());
  now_ = later(now_, *all<SetTimer>().back().at - now_.boot);
  tell(TimerDue{});
  ASSERT_EQ(all<Kill>().size(), 1U) << "after its own wait";
  EXPECT_EQ(all<Kill>()[0].process, 0U);
  tell(YieldRequest{0, {}});  // a second signal
  ASSERT_EQ(all<Kill>().size(), 1U);
  EXPECT_EQ(all<Kill>()[0].process, 1U);
}

TEST_F(YieldTest, ALaunchThatIsUnderWayIsCalledOff) {
  add("a");
  add("b");
  begin();
  tell(YieldRequest{25 * kSecond, {}});
  EXPECT_EQ(all<Terminate>().size(), 2U);
  tell(LaunchCancelled{0, 0});
  EXPECT_FALSE(stands_down());
  // It had begun all the same.
  tell(wrote(1, 1, 0, State::Forked));
  EXPECT_EQ(all<Terminate>().size(), 1U);
  run_ends(1, State::Killed);
  EXPECT_TRUE(stands_down());
  EXPECT_EQ(run(1).origin, Origin::Ordered);
  come_back(false);
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{1});
  tell(CoordinatorGone{0, 0});  // nobody holds its lock
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{0});
  EXPECT_EQ(run(0).number, 0U) << "the same run, which had not begun";
}

// Its clock says nothing here.
TEST_F(YieldTest, TheEndOfARunOfABootBeforeDoesNotWait) {
  add("a");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  ProcessStatus forked = record("a", 1, 0, State::Forked);
  forked.boot = {9, 9};
  recorded(forked);
  recorded("a", 2, State::Running);
  begin(kSecond);
  run_ends(0, State::Failed);
  EXPECT_EQ(appended(0), std::vector<State>{State::Failed});
}

TEST_F(YieldTest, WhatTheEngineEndedBeforeItTookTheRunnerIsNoFailure) {
  add("a");
  add("b");
  begin(kSecond);
  run_begins(0);
  run_begins(1);
  run_ends(0, State::Failed);
  EXPECT_TRUE(appended(0).empty()) << "it waits";
  tell(CoordinatorGone{0, 0});
  EXPECT_TRUE(all<Sweep>().empty()) << "its end is known";
  tell(wrote(0, run(0).seq + 1, 0, State::Failed));  // read again
  tell(YieldRequest{25 * kSecond, {}});
  EXPECT_EQ(appended(0), std::vector<State>{State::Killed});
  run_ends(1, State::Killed);
  EXPECT_TRUE(stands_down());
  EXPECT_EQ(runner_->past(0).failures(), 0U);
}

TEST_F(YieldTest, AFailureOfItsOwnIsTakenAMomentLater) {
  add("a");
  begin(kSecond);
  run_begins(0);
  run_ends(0, State::Failed);
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  ASSERT_TRUE(all<SetTimer>()[0].at);
  EXPECT_LE(*all<SetTimer>()[0].at, now_.boot + kSecond);
  now_ = later(now_, kSecond);
  tell(TimerDue{});
  EXPECT_EQ(appended(0), std::vector<State>{State::Failed});
  EXPECT_EQ(runner_->past(0).failures(), 1U);
}

// Its time limit is over meanwhile, and its record is read once more.
TEST_F(YieldTest, AHeldEndIsTakenOnceAndNothingEndsTheRunAgain) {
  ProcessConfig& process = add("a");
  process.max_failures = 2;
  process.timeout = kSecond / 2;
  begin(kSecond);
  run_begins(0);
  const ProcessStatus failed = record("a", run(0).seq + 1, 0, State::Failed);
  tell(CoordinatorRecord{0, failed});
  now_ = later(now_, kSecond * 3 / 4);
  tell(TimerDue{});
  EXPECT_TRUE(all<Terminate>().empty()) << "it has ended";
  EXPECT_TRUE(all<Append>().empty());
  tell(CoordinatorRecord{0, failed});
  EXPECT_TRUE(appended(0).empty());
  now_ = later(now_, kSecond);
  tell(TimerDue{});
  EXPECT_EQ(appended(0), std::vector<State>{State::Failed});
  EXPECT_EQ(runner_->past(0).failures(), 1U);
  now_ = later(now_, 10 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{0}) << "it failed once";
}

TEST_F(YieldTest, OrdersAndKillsDoNotWaitForAHeldEnd) {
  add("a").max_failures = 2;
  add("b");
  begin(kSecond);
  run_begins(0);
  run_begins(1);
  run_ends(0, State::Failed);
  tell(OrderRequest{"a", Verb::Start, {}, {}});
  EXPECT_EQ(run(0).number, 1U) << "its second run";
  run_ends(1, State::Failed);
  tell(KillRequest{});
  EXPECT_EQ(run(1).state, State::Failed);
}

// The runner died before it read them. Who goes on finds them behind the yield.
TEST_F(YieldTest, EndsThatAreReadByTheNextLeaderCountTheSame) {
  add("a");
  add("b");
  begin(kSecond);
  run_begins(0);
  run_begins(1);
  const Timestamp ended = now_;  // by the engine, before it took the runner
  tell(YieldRequest{25 * kSecond, {}});
  history_ = runner_->history();
  lead();
  CoordinatorRecord first = wrote(0, 3, 0, State::Failed);
  first.status.at = ended;
  tell(first);
  tell(wrote(1, 3, 0, State::Success));
  tell(TimerDue{});
  EXPECT_EQ(runner_->past(0).failures(), 0U);
  EXPECT_EQ(runner_->past(1).successes(), 1U);
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{0});
}

TEST_F(YieldTest, FinalizersAreEndedAndTheirTimeStandsStill) {
  add("a");
  add("f").final = true;
  begin();
  run_begins(0);
  run_ends(0, State::Success);
  ASSERT_EQ(runner_->state(), TaskState::Finalizing);
  run_begins(1);
  now_ = later(now_, 10 * kSecond);
  tell(YieldRequest{25 * kSecond, {}});
  run_ends(1, State::Killed);
  EXPECT_TRUE(stands_down());
  EXPECT_EQ(runner_->state(), TaskState::Finalizing);
  now_ = later(now_, 3600 * kSecond);
  come_back(false);
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{1});
}

TEST_F(YieldTest, TheirTimeStandsStillThoughTheNextLeaderDiedAsItBegan) {
  add("a");
  add("f").final = true;
  begin();
  run_begins(0);
  run_ends(0, State::Success);
  run_begins(1);
  tell(YieldRequest{25 * kSecond, {}});
  run_ends(1, State::Killed);
  history_ = runner_->history();
  now_ = later(now_, 3600 * kSecond);
  Leadership next = *history_.leadership();
  next.at = now_;
  next.yields = false;
  ASSERT_TRUE(history_.apply(next).ok());
  begin();
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{1});
}

TEST_F(YieldTest, NothingStartsThatTheAllocationHasNoTimeFor) {
  add("short").time = 10 * kSecond;
  add("long").time = 100 * kSecond;
  add("daemon").daemon = true;
  add("last").needs.entries = {{"long", Condition::Success}};
  begin(0, now_.wall + 60 * kSecond);
  EXPECT_EQ(starts(), (std::vector<ProcessIndex>{0, 2}));
  run_begins(0);
  run_begins(2);
  EXPECT_FALSE(runner_->yields());
  run_ends(0, State::Success);
  EXPECT_TRUE(runner_->yields()) << "nothing is left that may start here";
  EXPECT_EQ(runner_->history().leadership()->decision,
            "what is left to run takes longer than the allocation lasts");
  run_ends(2, State::Killed);
  EXPECT_TRUE(stands_down());
  come_back(false);  // an allocation without an end
  EXPECT_EQ(starts(), (std::vector<ProcessIndex>{1, 2}));
}

TEST_F(YieldTest, AKillMeanwhileIsCarriedOutByTheNextLeader) {
  add("a");
  begin();
  run_begins(0);
  tell(YieldRequest{25 * kSecond, {}});
  tell(KillRequest{});
  run_ends(0, State::Killed);
  EXPECT_TRUE(stands_down());
  come_back(false);
  EXPECT_EQ(runner_->state(), TaskState::Killed);
}

TEST_F(YieldTest, AKillMeanwhileThatGivesNoTimeGivesNoneUnderTheNextLeader) {
  add("a");
  add("f").final = true;
  begin();
  run_begins(0);
  tell(YieldRequest{25 * kSecond, {}});
  now_ = later(now_, 5 * kSecond);
  tell(KillRequest{0, false, {}});
  run_ends(0, State::Killed);
  EXPECT_TRUE(stands_down());
  come_back(false);
  EXPECT_EQ(runner_->state(), TaskState::Killed);
  EXPECT_TRUE(starts().empty()) << "the finalizer starts";
}

TEST_F(YieldTest, AKillMeanwhileGivesNoMoreTimeThanTheStopWait) {
  add("a").stop_wait = kSecond;
  add("f").final = true;
  task_.processes[1].stop_wait = 2 * kSecond;
  begin();
  run_begins(0);
  tell(YieldRequest{25 * kSecond, {}});
  tell(KillRequest{});
  EXPECT_TRUE(all<Kill>().empty());
  now_ = later(now_, kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Kill>().size(), 1U);
  run_ends(0, State::Killed);
  EXPECT_TRUE(stands_down());

  come_back(false);
  ASSERT_EQ(runner_->state(), TaskState::Finalizing);
  run_begins(1);
  tell(YieldRequest{25 * kSecond, {}});
  tell(KillRequest{20 * kSecond, true, {}});
  EXPECT_TRUE(all<Kill>().empty());
  now_ = later(now_, 2 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Kill>().size(), 1U);
}

TEST_F(YieldTest, WhatIsAskedOfOneThatHasStoodDownIsNotLost) {
  add("a");
  add("b");
  begin();
  run_begins(0);
  run_begins(1);
  tell(YieldRequest{25 * kSecond, {}});
  run_ends(0, State::Killed);
  run_ends(1, State::Killed);
  ASSERT_TRUE(stands_down());
  tell(OrderRequest{"a", Verb::Stop, {}, {}});
  EXPECT_FALSE(stands_down()) << "once";
  come_back(false);
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{1});

  run_begins(1);
  tell(YieldRequest{25 * kSecond, {}});
  run_ends(1, State::Killed);
  tell(KillRequest{});
  come_back(false);
  EXPECT_EQ(runner_->state(), TaskState::Killed);
}

TEST_F(YieldTest, WhereItIsLedFromIsWrittenOnceForEachPlace) {
  add("a");
  begin();
  EXPECT_EQ(runner_->history().leadership()->job, "17");
  const Timestamp first = runner_->history().leadership()->at;
  history_ = runner_->history();
  begin();
  EXPECT_EQ(runner_->history().leadership()->at, first) << "the same place";
}

TEST_F(YieldTest, WhatRanElsewhereIsLostForThatReason) {
  add("a");
  begin();
  run_begins(0);
  history_ = runner_->history();
  runner_ = std::make_unique<Runner>(task_, graph_, history_);
  Lead lead;
  lead.boot = BootId{7, 7};
  lead.elsewhere = "it ran on n1, and slurm job 17 has ended";
  tell(lead);
  tell(CoordinatorGone{0, 0, true});
  EXPECT_EQ(run(0).state, State::Lost);
  EXPECT_EQ(run(0).reason, lead.elsewhere);
}

TEST_F(YieldTest, WhatAnOrderEndsEndsByThatOrder) {
  add("a");
  begin();
  tell(OrderRequest{"a", Verb::Stop, {}, "enough"});
  tell(YieldRequest{25 * kSecond, {}});
  tell(wrote(0, 1, 0, State::Forked));  // its launch was under way
  EXPECT_EQ(all<Terminate>().size(), 1U);
  ASSERT_TRUE(runner_->past(0).ending);
  EXPECT_FALSE(runner_->past(0).ending->yields);
}

TEST_F(YieldTest, WhatEndsWithTheTaskEndsInItsTime) {
  add("a");
  add("b");
  begin();
  run_begins(0);
  tell(KillRequest{2 * kSecond});
  tell(YieldRequest{25 * kSecond, {}});
  tell(wrote(1, 1, 0, State::Forked));
  EXPECT_FALSE(runner_->past(1).ending);
  now_ = later(now_, 2 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Kill>().size(), 2U);
}

TEST_F(YieldTest, ItsSignalAndItsWaitAreGivenApart) {
  add("a").on_yield = OnYield{SignalNumber{10}, {}};
  add("b").on_yield = OnYield{{}, 2 * kSecond};
  begin();
  run_begins(0);
  run_begins(1);
  tell(YieldRequest{25 * kSecond, {}});
  ASSERT_EQ(all<Terminate>().size(), 2U);
  EXPECT_EQ(all<Terminate>()[0].signal, 10);
  EXPECT_EQ(all<Terminate>()[1].signal, 0);
  now_ = later(now_, 2 * kSecond);
  tell(TimerDue{});
  ASSERT_EQ(all<Kill>().size(), 1U);
  EXPECT_EQ(all<Kill>()[0].process, 1U);
}

TEST_F(YieldTest, OnlyANewEndWithoutSuccessOfThisBootWaits) {
  add("good");
  add("old");
  add("other");
  task_.max_failures = 0;
  recorded(TaskState::Active);
  recorded("other", 0, State::Waiting);
  ProcessStatus forked = record("other", 1, 0, State::Forked);
  forked.boot = BootId{7, 7};
  recorded(forked);
  recorded("other", 2, State::Running);
  begin(kSecond);
  run_begins(0);
  run_begins(1);
  run_ends(0, State::Success);
  EXPECT_EQ(appended(0), std::vector<State>{State::Success});
  CoordinatorRecord old = wrote(1, 3, 0, State::Failed);
  old.status.at = later(now_, -10 * kSecond);
  tell(old);
  EXPECT_EQ(appended(1), std::vector<State>{State::Failed});
  run_ends(2, State::Failed);
  EXPECT_EQ(appended(2), std::vector<State>{State::Failed});
}

TEST_F(YieldTest, EachEndWaitsForItsOwnTime) {
  add("a");
  add("b");
  task_.max_failures = 0;
  begin(kSecond);
  run_begins(0);
  run_begins(1);
  run_ends(0, State::Failed);
  now_ = later(now_, kSecond / 2);
  run_ends(1, State::Failed);
  now_ = later(now_, kSecond / 2);
  tell(TimerDue{});
  EXPECT_EQ(appended(0), std::vector<State>{State::Failed});
  EXPECT_TRUE(appended(1).empty());
  now_ = later(now_, kSecond / 2);
  tell(TimerDue{});
  EXPECT_EQ(appended(1), std::vector<State>{State::Failed});
}

TEST_F(YieldTest, AnEndThatCanNotBeIsRefusedAllTheSame) {
  add("a");
  add("b");
  add("c");
  begin(kSecond);
  for (const ProcessIndex p : {0, 1, 2}) run_begins(p);
  run_ends(0, State::Success);
  EXPECT_NE(refusal_of(wrote(0, 4, 0, State::Failed)), "") << "it has ended";
  EXPECT_NE(refusal_of(wrote(1, 9, 0, State::Failed)), "") << "what came before is missing";
  tell(wrote(1, 3, 5, State::Failed));
  run_ends(2, State::Failed);
  now_ = later(now_, kSecond);
  EXPECT_NE(refusal_of(TimerDue{}), "") << "there is no such run";
}

// Its coordinator had written it before it vanished.
TEST_F(YieldTest, AnEndThatWaitsIsNotLost) {
  add("a");
  begin(kSecond);
  run_begins(0);
  tell(CoordinatorGone{0, 0});
  EXPECT_EQ(all<Sweep>().size(), 1U);
  run_ends(0, State::Failed);
  tell(Swept{0, 0});
  EXPECT_TRUE(appended(0).empty());
  now_ = later(now_, kSecond);
  tell(TimerDue{});
  EXPECT_EQ(appended(0), std::vector<State>{State::Failed});
}

TEST_F(YieldTest, WhatWaitsForAPlaceMayStartHere) {
  add("long").time = 100 * kSecond;
  add("a");
  add("daemon").daemon = true;
  task_.max_concurrency = 1;
  begin(0, now_.wall + 60 * kSecond);
  run_begins(1);
  EXPECT_FALSE(runner_->yields()) << "the daemon waits for a place";
  run_ends(1, State::Success);
  EXPECT_EQ(starts(), std::vector<ProcessIndex>{2});
  EXPECT_TRUE(runner_->yields()) << "a daemon alone is left";
}

TEST_F(YieldTest, WhatWaitsForItsPauseMayStartHere) {
  add("long").time = 100 * kSecond;
  add("a");
  add("daemon").daemon = true;
  begin(0, now_.wall + 60 * kSecond);
  run_begins(1);
  run_begins(2);
  run_ends(2, State::Success);
  run_ends(1, State::Success);
  EXPECT_FALSE(runner_->yields()) << "the daemon runs again soon";
}

TEST_F(YieldTest, AnEphemeralProcessIsNotWaitedFor) {
  add("long").time = 100 * kSecond;
  add("e").ephemeral = true;
  begin(0, now_.wall + 60 * kSecond);
  EXPECT_TRUE(runner_->yields());
}

class PlaceTest : public YieldTest {
 protected:
  void SetUp() override {
    add("a");
    begin();
    history_ = {};
  }
  // Whether a leader there writes it down.
  bool writes(const Leadership& place) {
    runner_ = std::make_unique<Runner>(task_, graph_, history_);
    Lead lead;
    lead.header.task_id = "t-1";
    lead.header.hostname = "n1";
    lead.boot = kBoot;
    lead.place = place;
    tell(lead);
    const std::vector<Append> appends = all<Append>();
    return std::any_of(appends.begin(), appends.end(), [](const Append& append) {
      return std::holds_alternative<Leadership>(append.record);
    });
  }
  Leadership place_;
};

TEST_F(PlaceTest, WhatTheHeaderSaysIsNotWrittenAgain) {
  EXPECT_FALSE(writes(place_));
  place_.hostname = "n1";
  EXPECT_FALSE(writes(place_));
  const Leadership same = place_;
  place_.hostname = "n2";
  EXPECT_TRUE(writes(place_));
  place_ = same;
  place_.engine = "slurm";
  EXPECT_TRUE(writes(place_));
  place_ = same;
  place_.until = 1;
  EXPECT_TRUE(writes(place_));
  place_ = same;
  place_.decision = "it was led elsewhere";
  EXPECT_TRUE(writes(place_));
}

TEST_F(PlaceTest, NorWhatTheLeaderBeforeWrote) {
  place_.hostname = "n1";
  place_.engine = "slurm";
  place_.job = "17";
  EXPECT_TRUE(writes(place_));
  history_ = runner_->history();
  EXPECT_FALSE(writes(place_));
  const std::vector<void (*)(Leadership&)> changes = {
      [](Leadership& place) { place.hostname = "n2"; },
      [](Leadership& place) { place.job = "18"; },
      [](Leadership& place) { place.engine = "sge"; },
      [](Leadership& place) { ++place.restarts; },
      [](Leadership& place) { ++place.until; },
      [](Leadership& place) { place.decision = "it was led elsewhere"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Leadership other = place_;
    changes[i](other);
    EXPECT_TRUE(writes(other)) << "change " << i;
  }
  writes(place_);
  tell(YieldRequest{25 * kSecond, {}});
  history_ = runner_->history();
  EXPECT_TRUE(writes(place_)) << "it goes on";
}

}  // namespace
}  // namespace thermos
