// The limits of a run on a node: its clock goes on while the node can't be reached, and when the
// leader is on another machine, whose boot clock says nothing about it.
#include <gtest/gtest.h>

#include "runner_nodes_fixture.h"

namespace thermos {
namespace {

constexpr BootId kElsewhere{7, 8};
// Whether the next leader's machine was booted long before, or just now.
constexpr Microseconds kAhead[] = {1'000'000 * kSecond, -900 * kSecond};

class RunnerNodesLimits : public RunnerNodesFixture {
 protected:
  void lead_from(const BootId& boot) { lead_nodes({"n1"}, boot); }
  CoordinatorRecord from_node(std::uint64_t seq, State state) const {
    CoordinatorRecord record = wrote(0, seq, 0, state);
    record.node = "n1";
    record.status.boot = state == State::Forked ? BootId{9, 9} : BootId{};
    return record;
  }
  // The process runs on n1, which can be reached.
  void run_it() {
    lead_from(kBoot);
    tell(NodeUp{"n1", kOneCore});
    tell(from_node(1, State::Forked));
    tell(from_node(2, State::Running));
    started_ = now_;
  }
  // As if nothing had been before.
  void begin_anew() {
    now_ = {5000 * kSecond, 1000 * kSecond};
    task_ = {};
    history_ = {};
  }
  void reports(ReportKind kind, const char* text, Microseconds until, std::uint32_t run = 0) {
    tell(CoordinatorReport{0, {task_.processes[0].name, run, kind, now_, text, until}});
  }
  void says(const char* text) { reports(ReportKind::Status, text, 0); }
  void asks_for_time_until(Microseconds boot, std::uint32_t run = 0) {
    reports(ReportKind::Extended, "", boot, run);
  }
  void pass(Microseconds time) { now_ = later(now_, time); }
  // Another leader goes on, on a machine that was booted `ahead` before this one.
  void move(Microseconds ahead) {
    hand_over(false);
    now_.boot += ahead;
    lead_from(kElsewhere);
  }
  // Its first run has failed under the next leader, and the second one runs.
  void run_again_elsewhere() {
    ProcessConfig& p = add("p");
    p.max_failures = 0;
    p.min_duration = 0;
    run_it();
    move(1'000'000 * kSecond);
    tell(NodeUp{"n1", kOneCore});
    tell(from_node(3, State::Failed));
    for (const auto& [seq, state] : {std::pair{5, State::Forked}, std::pair{6, State::Running}}) {
      CoordinatorRecord again = from_node(static_cast<std::uint64_t>(seq), state);
      again.status.run = 1;
      tell(again);
    }
  }
  std::vector<ProcessOrder> orders() const {
    std::vector<ProcessOrder> found;
    for (const Append& append : all<Append>()) {
      if (const auto* order = std::get_if<ProcessOrder>(&append.record)) found.push_back(*order);
    }
    return found;
  }
  // Tells that the time has come until so long after the start of the run, and returns whether the
  // run is told to end then.
  bool over_at(Microseconds since_start) {
    pass(started_.wall + since_start - now_.wall - 1);
    tell(TimerDue{});
    return !orders().empty();
  }
  // SIGKILL follows so long from now, and not before.
  void expect_killed_in(Microseconds time) {
    pass(time - kSecond);
    tell(TimerDue{});
    EXPECT_TRUE(all<Kill>().empty());
    pass(kSecond);
    tell(TimerDue{});
    EXPECT_EQ(all<Kill>().size(), 1U);
  }

  Timestamp started_;
};

TEST_F(RunnerNodesLimits, ItsTimePassesWhileTheNodeIsAwayAndItIsStoppedWhenThatIsBack) {
  add("p").timeout = 30 * kSecond;
  run_it();
  tell(NodeDown{"n1"});
  EXPECT_FALSE(over_at(29 * kSecond));
  EXPECT_TRUE(over_at(31 * kSecond));
  EXPECT_EQ(orders()[0].reason, "timed out after 30 s");
  pass(60 * kSecond);
  tell(TimerDue{});
  EXPECT_TRUE(all<Kill>().empty()) << "it was not told to end yet";
  tell(NodeUp{"n1", kOneCore});
  ASSERT_EQ(all<Terminate>().size(), 1U);
  EXPECT_TRUE(all<Kill>().empty());
  // From here on it has its time to end.
  const Microseconds wait = stop_wait_of(task_, 0);
  expect_killed_in(wait);
}

TEST_F(RunnerNodesLimits, OneThatWasToldBeforeTheNodeWasAwayGetsNoMoreTime) {
  add("p").timeout = 30 * kSecond;
  run_it();
  EXPECT_TRUE(over_at(31 * kSecond));
  EXPECT_EQ(all<Terminate>().size(), 1U);
  tell(NodeDown{"n1"});
  pass(stop_wait_of(task_, 0) + kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Kill>().size(), 1U);
  tell(NodeUp{"n1", kOneCore});
  EXPECT_EQ(all<Kill>().size(), 1U);
}

TEST_F(RunnerNodesLimits, ATaskThatEndsByForceEndsItAtOnceWhenTheNodeIsBack) {
  add("p").timeout = 30 * kSecond;
  run_it();
  tell(NodeDown{"n1"});
  EXPECT_TRUE(over_at(31 * kSecond));
  tell(KillRequest{.wait = 0});
  tell(NodeUp{"n1", kOneCore});
  EXPECT_EQ(all<Kill>().size(), 1U);
}

// Whether that machine was booted long before, or just now.
TEST_F(RunnerNodesLimits, ALeaderOnAnotherMachineCountsFromTheStartOfTheRun) {
  for (const Microseconds ahead : {1'000'000 * kSecond, -1000 * kSecond, 0 * kSecond}) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p").timeout = 30 * kSecond;
    run_it();
    pass(20 * kSecond);
    move(ahead);
    EXPECT_TRUE(orders().empty());
    EXPECT_FALSE(over_at(29 * kSecond));
    EXPECT_TRUE(over_at(31 * kSecond));
  }
}

TEST_F(RunnerNodesLimits, SoDoesOneThatComesWhenTheTimeIsOver) {
  add("p").timeout = 30 * kSecond;
  run_it();
  pass(40 * kSecond);
  move(-1000 * kSecond);
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(RunnerNodesLimits, AWallClockThatIsSetLaterChangesNothing) {
  add("p").timeout = 30 * kSecond;
  run_it();
  pass(20 * kSecond);
  move(1000 * kSecond);
  const Microseconds boot = now_.boot;
  now_.wall += 3600 * kSecond;
  tell(CoordinatorReport{0, {task_.processes[0].name, 0, ReportKind::Status, now_, "on", 0}});
  tell(TimerDue{});
  EXPECT_TRUE(orders().empty());
  now_.boot = boot + 11 * kSecond;
  tell(TimerDue{});
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(RunnerNodesLimits, WhatItAskedForMoreIsByTheClockOfThatTime) {
  add("p").timeout = 30 * kSecond;
  run_it();
  asks_for_time_until(started_.boot + 100 * kSecond);
  move(1'000'000 * kSecond);
  EXPECT_FALSE(over_at(99 * kSecond));
  EXPECT_TRUE(over_at(101 * kSecond));
}

TEST_F(RunnerNodesLimits, WhatItAsksForOfTheNextLeaderIsByThatOnesClock) {
  for (const Microseconds ahead : kAhead) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p").timeout = 30 * kSecond;
    run_it();
    asks_for_time_until(started_.boot + 100 * kSecond);
    move(ahead);
    asks_for_time_until(started_.boot + ahead + 200 * kSecond);
    EXPECT_FALSE(over_at(199 * kSecond));
    EXPECT_TRUE(over_at(201 * kSecond));
  }
}

TEST_F(RunnerNodesLimits, SoIsWhatItAsksForForTheFirstTime) {
  for (const Microseconds ahead : kAhead) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p").timeout = 30 * kSecond;
    run_it();
    move(ahead);
    asks_for_time_until(started_.boot + ahead + 200 * kSecond);
    EXPECT_FALSE(over_at(199 * kSecond));
    EXPECT_TRUE(over_at(201 * kSecond));
  }
}

TEST_F(RunnerNodesLimits, WhatItSaysToTheNextLeaderIsNews) {
  for (const Microseconds ahead : kAhead) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p");
    run_it();
    says("before");
    move(ahead);
    EXPECT_EQ(runner_->past(0).said->status, "before");
    says("behind");
    EXPECT_EQ(runner_->past(0).said->status, "behind");
  }
}

// The time to end that it asked for, too.
TEST_F(RunnerNodesLimits, WhatItAskedForToEndIsByTheClockOfThatTime) {
  for (const Microseconds ahead : kAhead) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p");
    run_it();
    tell(OrderRequest{task_.processes[0].name, Verb::Stop, std::nullopt, "x"});
    asks_for_time_until(now_.boot + 100 * kSecond);
    move(ahead);
    move(0);  // and once more
    tell(NodeUp{"n1", kOneCore});
    expect_killed_in(100 * kSecond);
  }
}

TEST_F(RunnerNodesLimits, AnEndThatTheLeaderBeforeOrderedCountsAsOrdered) {
  for (const Microseconds ahead : kAhead) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p");
    run_it();
    tell(OrderRequest{task_.processes[0].name, Verb::Stop, std::nullopt, "x"});
    pass(kSecond);
    move(ahead);
    tell(from_node(3, State::Failed));
    EXPECT_EQ(run(0).state, State::Killed);
    EXPECT_EQ(run(0).origin, Origin::Ordered);
  }
}

TEST_F(RunnerNodesLimits, OneFromBeforeTheOrderDoesNot) {
  for (const Microseconds ahead : kAhead) {
    SCOPED_TRACE(ahead);
    begin_anew();
    add("p");
    run_it();
    tell(NodeDown{"n1"});
    const Timestamp ended = now_;
    pass(kSecond);
    tell(OrderRequest{task_.processes[0].name, Verb::Stop, std::nullopt, "x"});
    move(ahead);
    CoordinatorRecord success = from_node(3, State::Success);
    success.status.at = {ended.wall, ended.boot + ahead};
    tell(success);
    EXPECT_EQ(run(0).state, State::Success);
  }
}

TEST_F(RunnerNodesLimits, AnOrderOfTheNextLeaderIsByThatOnesClock) {
  add("p");
  run_it();
  move(1'000'000 * kSecond);
  tell(NodeUp{"n1", kOneCore});
  tell(OrderRequest{task_.processes[0].name, Verb::Stop, std::nullopt, "x"});
  ASSERT_EQ(all<Terminate>().size(), 1U);
  expect_killed_in(stop_wait_of(task_, 0));
}

TEST_F(RunnerNodesLimits, TheNextRunIsOfTheNextLeadersClockAltogether) {
  run_again_elsewhere();
  tell(OrderRequest{task_.processes[0].name, Verb::Stop, std::nullopt, "x"});
  ASSERT_EQ(all<Terminate>().size(), 1U);
  expect_killed_in(stop_wait_of(task_, 0));
}

TEST_F(RunnerNodesLimits, SoIsWhatTheNextRunAsksFor) {
  run_again_elsewhere();
  tell(OrderRequest{task_.processes[0].name, Verb::Stop, std::nullopt, "x"});
  asks_for_time_until(now_.boot + 100 * kSecond, 1);
  expect_killed_in(100 * kSecond);
}

TEST_F(RunnerNodesLimits, ItsTimeToBecomeReadyIsTheSame) {
  Ready ready;
  ready.notify = true;
  ready.within = 30 * kSecond;
  add("p").ready = ready;
  run_it();
  pass(20 * kSecond);
  move(1'000'000 * kSecond);
  EXPECT_FALSE(over_at(29 * kSecond));
  over_at(31 * kSecond);  // it is looked for once more
  EXPECT_TRUE(over_at(32 * kSecond));
  EXPECT_EQ(orders()[0].reason, "not ready within 30 s: it has not said READY=1");
}

TEST_F(RunnerNodesLimits, TheTimeToEndThatItWasGivenIsNotForgotten) {
  add("p").timeout = 30 * kSecond;
  run_it();
  EXPECT_TRUE(over_at(31 * kSecond));
  const Microseconds left = stop_wait_of(task_, 0) - 5 * kSecond;
  pass(5 * kSecond);
  move(1'000'000 * kSecond);
  tell(NodeUp{"n1", kOneCore});
  EXPECT_TRUE(all<Kill>().empty());
  expect_killed_in(left);
}

}  // namespace
}  // namespace thermos
