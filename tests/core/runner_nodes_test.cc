// A runner whose task runs on nodes.
#include <gtest/gtest.h>

#include <limits>

#include "runner_nodes_fixture.h"

namespace thermos {
namespace {

class RunnerNodes : public RunnerNodesFixture {
 protected:
  CoordinatorRecord from(const char* node, ProcessIndex p, std::uint64_t seq, std::uint32_t run,
                         State state) const {
    CoordinatorRecord record = wrote(p, seq, run, state);
    record.node = node;
    return record;
  }
  // The first process runs on n1.
  void run_on_n1() {
    tell(NodeUp{"n1", kOneCore});
    tell(from("n1", 0, 1, 0, State::Forked));
    tell(from("n1", 0, 2, 0, State::Running));
  }
  std::string node_of(ProcessIndex p) const { return run(p).node ? *run(p).node : ""; }
};

TEST_F(RunnerNodes, ARunIsPlacedOnRecordBeforeItIsLaunched) {
  add("a");
  lead_nodes();
  EXPECT_TRUE(all<StartProcess>().empty());
  EXPECT_EQ(run(0).state, State::Waiting);
  tell(NodeUp{"n2", kOneCore});
  ASSERT_EQ(effects_.size(), 2u);
  const auto* placed = std::get_if<Append>(&effects_[0]);
  ASSERT_NE(placed, nullptr);
  const auto& report = std::get<ProcessReport>(placed->record);
  EXPECT_EQ(report.kind, ReportKind::Placed);
  EXPECT_EQ(report.text, "n2");
  ASSERT_EQ(all<StartProcess>().size(), 1u);
  EXPECT_EQ(all<StartProcess>()[0].seq, 1u);
  EXPECT_EQ(node_of(0), "n2");
}

TEST_F(RunnerNodes, TheRoomOfARunThatHasEndedIsFree) {
  add("a");
  add("b");
  lead_nodes({"n1"});
  tell(NodeUp{"n1", kOneCore});
  ASSERT_EQ(all<StartProcess>().size(), 1u);
  EXPECT_EQ(all<StartProcess>()[0].process, 0u);
  tell(from("n1", 0, 1, 0, State::Forked));
  tell(from("n1", 0, 2, 0, State::Running));
  EXPECT_TRUE(all<StartProcess>().empty());
  tell(from("n1", 0, 3, 0, State::Success));
  ASSERT_EQ(all<StartProcess>().size(), 1u);
  EXPECT_EQ(all<StartProcess>()[0].process, 1u);
}

// Its next try was awaited, so that nobody has to be told.
TEST_F(RunnerNodes, TheRoomOfALaunchThatIsCalledOffIsFree) {
  add("a");
  add("b");
  lead_nodes({"n1"});
  tell(NodeUp{"n1", kOneCore});
  tell(LaunchFailed{0, 0, true, "no pids"});
  tell(OrderRequest{"a", Verb::Stop, std::nullopt, "x"});
  EXPECT_TRUE(all<Terminate>().empty());
  ASSERT_EQ(all<StartProcess>().size(), 1u);
  EXPECT_EQ(all<StartProcess>()[0].process, 1u);
}

// It goes on where it was placed, and takes its room there again: b gets none.
TEST_F(RunnerNodes, ALaunchThatWasCalledOffTakesItsRoomAgain) {
  add("a");
  add("b");
  lead_nodes({"n1"});
  tell(NodeUp{"n1", kOneCore});
  tell(OrderRequest{"b", Verb::Stop, std::nullopt, "x"});
  tell(OrderRequest{"a", Verb::Stop, std::nullopt, "x"});
  tell(LaunchCancelled{0, 0});
  EXPECT_TRUE(all<StartProcess>().empty());
  tell(OrderRequest{"a", Verb::Start, std::nullopt, "x"});
  ASSERT_EQ(all<StartProcess>().size(), 1u);
  EXPECT_EQ(all<StartProcess>()[0].process, 0u);
  tell(OrderRequest{"b", Verb::Start, std::nullopt, "x"});
  EXPECT_TRUE(all<StartProcess>().empty());
  EXPECT_EQ(node_of(1), "");
}

TEST_F(RunnerNodes, WhatRanOnANodeThatIsGoneIsLostAndRunsElsewhere) {
  add("a").min_duration = 0;
  add("b").min_duration = 0;
  lead_nodes();
  tell(NodeUp{"n1", kOneCore});
  tell(NodeUp{"n2", kOneCore});
  EXPECT_EQ(node_of(0), "n1");
  EXPECT_EQ(node_of(1), "n2");
  tell(from("n1", 0, 1, 0, State::Forked));
  tell(NodeDown{"n1"});
  EXPECT_EQ(run(0).state, State::Forked);  // a pipe's end is no death
  tell(NodeGone{"n1", "a person says so"});
  const thermos::Run& lost = *runner_->past(0).run(0);
  EXPECT_EQ(lost.state, State::Lost);
  EXPECT_EQ(lost.origin, Origin::NodeGone);
  EXPECT_EQ(lost.reason, "node n1 is gone: a person says so");
  EXPECT_TRUE(runner_->history().is_gone("n1"));
  // Run 1, and it waits for room on the node that is left.
  EXPECT_EQ(run(0).number, 1u);
  EXPECT_EQ(node_of(0), "");
  tell(from("n2", 1, 1, 0, State::Forked));
  tell(from("n2", 1, 2, 0, State::Running));
  tell(from("n2", 1, 3, 0, State::Success));
  EXPECT_EQ(node_of(0), "n2");
}

// It was perhaps launched there, so it may not be launched elsewhere under the same number.
TEST_F(RunnerNodes, ALaunchThatMayHaveReachedANodeThatIsGoneIsLostToo) {
  add("a").min_duration = 0;
  lead_nodes();
  tell(NodeUp{"n1", kOneCore});
  EXPECT_EQ(run(0).state, State::Waiting);
  tell(NodeGone{"n1", ""});
  EXPECT_EQ(runner_->past(0).run(0)->state, State::Lost);
  EXPECT_EQ(runner_->past(0).run(0)->reason, "node n1 is gone");
  tell(NodeUp{"n2", kOneCore});
  EXPECT_EQ(run(0).number, 1u);
  EXPECT_EQ(node_of(0), "n2");
  // What is told of the first one now is old.
  tell(from("n1", 0, 1, 0, State::Forked));
  EXPECT_EQ(run(0).state, State::Waiting);
  EXPECT_TRUE(appended(0).empty());
}

// Nobody has it in hand, and it may not keep its place on a node that is gone.
TEST_F(RunnerNodes, ALaunchThatWasCalledOffOnANodeThatIsGoneIsLostToo) {
  add("a").min_duration = 0;
  lead_nodes();
  tell(NodeUp{"n1", kOneCore});
  tell(OrderRequest{"a", Verb::Stop, std::nullopt, "x"});
  tell(LaunchCancelled{0, 0});
  EXPECT_EQ(run(0).state, State::Waiting);
  EXPECT_EQ(node_of(0), "n1");
  tell(NodeGone{"n1", ""});
  EXPECT_EQ(run(0).state, State::Lost);
  tell(NodeUp{"n2", kOneCore});
  EXPECT_TRUE(all<StartProcess>().empty());
  tell(OrderRequest{"a", Verb::Start, std::nullopt, "x"});
  EXPECT_EQ(run(0).number, 1u);
  EXPECT_EQ(node_of(0), "n2");
  EXPECT_EQ(all<StartProcess>().size(), 1u);
}

// A leader that died between calling the node gone and its runs LOST.
TEST_F(RunnerNodes, AResumeCallsTheRunsOfANodeThatIsGoneLost) {
  add("a").min_duration = 0;
  add("b").on = "same-as a";
  lead_nodes();
  run_on_n1();
  hand_over(false);
  recorded(NodeChange{"n1", true, now_, "a person says so"});
  lead_nodes();
  const thermos::Run& lost = *runner_->past(0).run(0);
  EXPECT_EQ(lost.state, State::Lost);
  EXPECT_EQ(lost.origin, Origin::NodeGone);
  EXPECT_EQ(lost.reason, "node n1 is gone: a person says so");
  EXPECT_EQ(run(0).number, 1u);
  tell(NodeUp{"n2", {2000, 0}});
  EXPECT_EQ(node_of(0), "n2");
  tell(CoordinatorGone{1, 0, false});  // b's launch was never begun
  tell(TimerDue{});
  EXPECT_EQ(node_of(1), "n2");
}

TEST_F(RunnerNodes, ANodeThatIsGoneIsCalledSoOnce) {
  add("a");
  lead_nodes();
  tell(NodeGone{"n1", "x"});
  tell(NodeGone{"n1", "y"});
  EXPECT_TRUE(all<Append>().empty());
  tell(NodeUp{"n1", kOneCore});
  EXPECT_FALSE(runner_->history().is_gone("n1"));
  ASSERT_FALSE(all<Append>().empty());
  const auto change = std::get<NodeChange>(all<Append>()[0].record);
  EXPECT_EQ(change.node, "n1");
  EXPECT_FALSE(change.gone);
}

TEST_F(RunnerNodes, AStopOfOneThatWaitsForANodeCallsItOff) {
  add("a");
  lead_nodes();
  tell(KillRequest{});
  EXPECT_TRUE(all<Terminate>().empty());
  EXPECT_TRUE(runner_->done());
  EXPECT_EQ(runner_->state(), TaskState::Killed);
}

TEST_F(RunnerNodes, SoDoesAKillAtOnce) {
  add("a");
  lead_nodes();
  tell(KillRequest{.wait = 0});
  EXPECT_TRUE(all<Kill>().empty());
  EXPECT_TRUE(runner_->done());
  EXPECT_EQ(runner_->state(), TaskState::Killed);
}

// Its time to end begins when it is told, also if it is the task that ends.
TEST_F(RunnerNodes, OneThatHearsLateThatItsTaskEndsHasItsTime) {
  add("a").stop_wait = 7 * kSecond;
  lead_nodes();
  run_on_n1();
  tell(NodeDown{"n1"});
  tell(KillRequest{});
  now_ = later(now_, 20 * kSecond);
  tell(NodeUp{"n1", kOneCore});
  EXPECT_EQ(all<Terminate>().size(), 1u);
  now_ = later(now_, 6 * kSecond);
  tell(TimerDue{});
  EXPECT_TRUE(all<Kill>().empty());
  now_ = later(now_, 1 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Kill>().size(), 1u);
}

TEST_F(RunnerNodes, ASignalThatMetNobodyIsSentAgain) {
  add("a");
  lead_nodes();
  run_on_n1();
  tell(NodeDown{"n1"});
  tell(KillRequest{});
  EXPECT_EQ(all<Terminate>().size(), 1u);
  tell(NodeUp{"n1", kOneCore});
  ASSERT_EQ(all<Terminate>().size(), 1u);
  EXPECT_EQ(all<Terminate>()[0].process, 0u);
}

TEST_F(RunnerNodes, AResumeKnowsWhereWhatRuns) {
  add("a");
  add("b");
  lead_nodes();
  run_on_n1();
  for (const bool compacted : {false, true}) {
    hand_over(compacted);
    lead_nodes();
    EXPECT_EQ(node_of(0), "n1");
    tell(NodeUp{"n1", kOneCore});  // it has no room for b
    EXPECT_TRUE(all<StartProcess>().empty());
    tell(NodeUp{"n2", kOneCore});
    // b's launch was never begun: its host says so.
    tell(CoordinatorGone{1, 0, false});
    tell(TimerDue{});
    now_ = later(now_, 10 * kSecond);
    tell(TimerDue{});
    EXPECT_EQ(node_of(1), "n2");
  }
}

TEST_F(RunnerNodes, APlaceThatAPowerCutTookIsWrittenAgain) {
  add("a");
  lead_nodes();
  hand_over(false);  // WAITING, and not where
  lead_nodes();
  tell(from("n2", 0, 1, 0, State::Forked));
  EXPECT_EQ(node_of(0), "n2");
  EXPECT_EQ(run(0).state, State::Forked);
}

TEST_F(RunnerNodes, AWaitingThatAPowerCutTookIsWrittenAgain) {
  add("a");
  recorded(TaskState::Active);
  task_.processes[0].on = "n1";
  lead_nodes({});
  hand_over(false);
  history_ = {};
  recorded(TaskState::Active);
  runner_.reset();
  lead_nodes();
  // The run that this leader began is not that one: it stands where it is.
  EXPECT_EQ(run(0).state, State::Waiting);
}

// Also under another boot than the leader's: the end of a run waits for what an engine may say.
TEST_F(RunnerNodes, TheEndOfARunIsHeldBackLikeAnyOther) {
  add("a");
  lead_nodes({"n1"}, kBoot, kSecond);
  tell(NodeUp{"n1", kOneCore});
  CoordinatorRecord forked = from("n1", 0, 1, 0, State::Forked);
  forked.status.boot = {7, 8};
  tell(forked);
  tell(from("n1", 0, 2, 0, State::Running));
  tell(from("n1", 0, 3, 0, State::Failed));
  EXPECT_TRUE(appended(0).empty());
  now_ = later(now_, 2 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(appended(0), std::vector<State>{State::Failed});
}

// One that was launched here before the task had nodes: a node that tells of it changes nothing.
TEST_F(RunnerNodes, ARunThatWasLaunchedHereStaysHere) {
  add("a");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded("a", 1, State::Forked);
  lead_nodes();
  tell(from("n1", 0, 2, 0, State::Running));
  EXPECT_EQ(node_of(0), "");
  EXPECT_EQ(run(0).state, State::Running);
}

TEST_F(RunnerNodes, ARecordOfNoRunIsRefused) {
  add("a").max_failures = 2;
  lead_nodes({"n1"});
  run_on_n1();
  tell(from("n1", 0, 3, 0, State::Failed));
  EXPECT_NE(refusal_of(from("n1", 0, 4, 0, State::Running)), "");
}

// No number is left for the record of the loss: the task stops, and says so.
TEST_F(RunnerNodes, ALossThatCannotBeRecordedIsAnError) {
  ProcessSummary summary;
  summary.process = "a";
  summary.next_seq = std::numeric_limits<std::uint64_t>::max() - 4;
  summary.next_run = 1;
  summary.totals.failed = 1;
  summary.first_failed = 0;
  ProcessConfig& a = add("a");
  a.min_duration = 0;
  a.max_failures = 0;
  add("b");
  recorded(TaskState::Active);
  recorded(summary);
  recorded(record("a", summary.next_seq, 1, State::Waiting));
  recorded(record("a", summary.next_seq + 1, 1, State::Failed));
  lead_nodes({"n1"});
  tell(NodeUp{"n1", {2000, 0}});
  tell(from("n1", 0, summary.next_seq + 3, 2, State::Forked));
  tell(from("n1", 1, 1, 0, State::Forked));
  EXPECT_NE(refusal_of(NodeGone{"n1", ""}).find("no number is left"), std::string::npos);
}

// A node is of another boot than its leader, which is no sign that its runs are gone.
TEST_F(RunnerNodes, ARunOfAnotherBootLives) {
  ProcessConfig& a = add("a");
  a.timeout = 5 * kSecond;
  lead_nodes();
  tell(NodeUp{"n1", kOneCore});
  CoordinatorRecord forked = from("n1", 0, 1, 0, State::Forked);
  forked.status.boot = {7, 8};
  tell(forked);
  tell(from("n1", 0, 2, 0, State::Running));
  now_ = later(now_, 6 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Terminate>().size(), 1u);
}

}  // namespace
}  // namespace thermos
