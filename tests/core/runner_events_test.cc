// News that comes late, twice, or from elsewhere, and histories that nobody should have written:
// what the simulator's world never shows to a runner.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "runner_fixture.h"

namespace thermos {
namespace {

class RunnerEvents : public RunnerFixture {};

// ---- records that can't be
// -----------------------------------------------------------------------

TEST_F(RunnerEvents, AnotherCoordinatorOfARunIsRefused) {
  add("a");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_TRUE(effects_.empty()) << "the same again";
  CoordinatorRecord other = wrote(0, 1, 0, State::Forked);
  other.status.identity.pid = 777;
  EXPECT_EQ(refusal_of(other), "process \"a\", run 0: its coordinator was pid 501, and not 777");
  CoordinatorRecord other_boot = wrote(0, 1, 0, State::Forked);
  other_boot.status.boot = {9, 9};
  EXPECT_NE(refusal_of(other_boot), "");
  tell(wrote(0, 2, 0, State::Running));
  EXPECT_EQ(appended(0), std::vector<State>{State::Running}) << "nothing had changed";
}

TEST_F(RunnerEvents, ARepeatOfARunThatWasForgottenIsHarmless) {
  add("a").min_duration = 0;
  start();
  for (const State state : {State::Forked, State::Running, State::Lost}) {
    tell(wrote(0, run(0).seq + 1, 0, state));
  }
  ASSERT_EQ(run(0).number, 1U);
  runner_->drop_old(1);
  CoordinatorRecord old = wrote(0, 1, 0, State::Forked);
  old.status.identity.pid = 777;
  tell(old);
  EXPECT_TRUE(effects_.empty());
}

TEST_F(RunnerEvents, AGapStopsTheTask) {
  add("a");
  start();
  EXPECT_NE(refusal_of(wrote(0, 7, 0, State::Running)).find("a gap"), std::string::npos);
  EXPECT_EQ(run(0).state, State::Waiting);
}

TEST_F(RunnerEvents, AForkedOfAProcessThatCanNotHaveRunIsAGap) {
  add("a");
  add("b");
  task_.constraints = {{{"a", "b"}}};
  start();
  EXPECT_NE(refusal_of(wrote(1, 1, 0, State::Forked)).find("a gap"), std::string::npos);
}

TEST_F(RunnerEvents, AnOrderBeforeTheLeadIsRefused) {
  add("a");
  task_.name = "t";
  graph_ = *check_task(task_);
  runner_ = std::make_unique<Runner>(task_, graph_, History());
  EXPECT_NE(refusal_of(OrderRequest{"a", Verb::Stop, {}, {}}).find("header"), std::string::npos);
}

TEST_F(RunnerEvents, AnOrderForAProcessThatIsNotThereIsRefusedByName) {
  add("a");
  start();
  const Status allowed = runner_->may_order("b", Verb::Start);
  ASSERT_FALSE(allowed.ok());
  EXPECT_EQ(allowed.error().code, ErrorCode::NotFound);
  EXPECT_EQ(allowed.error().message, "task t-1 has no process b");
  tell(OrderRequest{"b", Verb::Stop, {}, {}});
  EXPECT_TRUE(effects_.empty());
}

TEST_F(RunnerEvents, AHistoryWithoutANumberForTheNextRunStopsTheTask) {
  add("a").min_duration = 0;
  recorded(TaskState::Active);
  ProcessSummary summary;
  summary.process = "a";
  summary.next_seq = 40;
  summary.next_run = 0xfffffffe;
  recorded(summary);
  ProcessStatus waiting = record("a", 40, 0xfffffffe, State::Waiting);
  recorded(waiting);
  lead();
  tell(wrote(0, 41, 0xfffffffe, State::Forked));
  tell(wrote(0, 42, 0xfffffffe, State::Lost));
  EXPECT_NE(refusal_of(TimerDue{}).find("no number is left"), std::string::npos);
}

// ---- news that comes too late
// --------------------------------------------------------------------

TEST_F(RunnerEvents, NewsOfAnEarlierRunChangesNothing) {
  add("a").min_duration = 0;
  start();
  for (const State state : {State::Forked, State::Running, State::Lost}) {
    tell(wrote(0, run(0).seq + 1, 0, state));
  }
  ASSERT_EQ(run(0).number, 1U);
  const std::vector<Event> late = {CoordinatorGone{0, 0, false},
                                   CoordinatorGone{0, 0, true},
                                   Swept{0, 0},
                                   LaunchFailed{0, 0, true, "no pids"},
                                   LaunchFailed{0, 0, false, "no such user"},
                                   LaunchCancelled{0, 0}};
  for (const Event& event : late) {
    tell(event);
    EXPECT_TRUE(effects_.empty()) << event.index();
  }
}

TEST_F(RunnerEvents, NewsOfALaunchThatSucceededChangesNothing) {
  add("a");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  const std::vector<Event> late = {Swept{0, 0}, LaunchFailed{0, 0, true, "no pids"},
                                   LaunchFailed{0, 0, false, "no such user"},
                                   LaunchCancelled{0, 0}};
  for (const Event& event : late) {
    tell(event);
    EXPECT_TRUE(effects_.empty()) << event.index();
    EXPECT_EQ(run(0).state, State::Forked) << event.index();
  }
}

TEST_F(RunnerEvents, NewsOfALaunchThatWasCalledOffChangesNothing) {
  add("a");
  start();
  tell(OrderRequest{"a", Verb::Stop, {}, {}});
  tell(LaunchCancelled{0, 0});
  tell(LaunchCancelled{0, 0});
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(run(0).state, State::Waiting);
}

TEST_F(RunnerEvents, AFailedLaunchIsNotOverturnedByItsCoordinator) {
  add("a").max_failures = 2;
  start();
  tell(LaunchFailed{0, 0, false, "no such user"});
  EXPECT_EQ(run(0).reason, "no such user");
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(run(0).state, State::Failed);
}

TEST_F(RunnerEvents, ACoordinatorThatVanishesTwiceIsSweptUpAfterOnce) {
  add("a");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(CoordinatorGone{0, 0, false});
  EXPECT_EQ(all<Sweep>().size(), 1U);
  tell(CoordinatorGone{0, 0, false});
  EXPECT_TRUE(effects_.empty());
  tell(CoordinatorGone{0, 0, true});
  EXPECT_TRUE(effects_.empty()) << "its end is known when the sweep is done";
  tell(Swept{0, 0});
  EXPECT_EQ(appended(0), std::vector<State>{State::Lost});
}

TEST_F(RunnerEvents, ALaunchThatDiesTwiceIsTriedAgainOnce) {
  add("a");
  start();
  tell(LaunchFailed{0, 0, true, "no pids"});
  EXPECT_TRUE(all<StartProcess>().empty());
  tell(LaunchFailed{0, 0, true, "no pids"});
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  now_ = later(now_, kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<StartProcess>().size(), 1U);
}

TEST_F(RunnerEvents, ALaunchThatComesToLifeAfterAllIsNotTriedAgain) {
  add("a");
  start();
  tell(LaunchFailed{0, 0, true, "no answer"});
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_EQ(appended(0), std::vector<State>{State::Forked});
  now_ = later(now_, kSecond);
  tell(TimerDue{});
  EXPECT_TRUE(all<StartProcess>().empty());
  tell(wrote(0, 2, 0, State::Running));
  EXPECT_EQ(run(0).state, State::Running);
}

TEST_F(RunnerEvents, ACalledOffLaunchThatComesToLifeIsEnded) {
  add("a");
  start();
  tell(OrderRequest{"a", Verb::Stop, 10 * kSecond, {}});
  EXPECT_EQ(all<Terminate>().size(), 1U);
  tell(LaunchCancelled{0, 0});
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_EQ(appended(0), std::vector<State>{State::Forked});
  ASSERT_EQ(all<Terminate>().size(), 1U);
  EXPECT_EQ(all<Terminate>()[0].run, 0U);
  EXPECT_EQ(all<SetTimer>().size(), 1U) << "SIGKILL follows";
  tell(wrote(0, 2, 0, State::Failed));
  EXPECT_EQ(run(0).state, State::Killed) << "an order ended it";
  EXPECT_TRUE(all<StartProcess>().empty());
}

TEST_F(RunnerEvents, ALaunchThatARestartCalledOffIsTheRestart) {
  add("a").min_duration = 0;
  start();
  tell(OrderRequest{"a", Verb::Stop, 10 * kSecond, {}});
  tell(OrderRequest{"a", Verb::Restart, 10 * kSecond, {}});
  tell(LaunchCancelled{0, 0});
  const auto appends = all<Append>();
  ASSERT_EQ(appends.size(), 1U);
  EXPECT_TRUE(appends[0].durable);
  const auto* order = std::get_if<ProcessOrder>(&appends[0].record);
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->process, "a");
  EXPECT_EQ(order->verb, Verb::Start);
  EXPECT_EQ(order->reason, "the run that was to end had not begun");
  ASSERT_EQ(all<StartProcess>().size(), 1U);
  EXPECT_EQ(all<StartProcess>()[0].run, 0U);
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_TRUE(all<Terminate>().empty());
  now_ = later(now_, 60 * kSecond);
  tell(TimerDue{});
  EXPECT_TRUE(all<Kill>().empty());
  tell(wrote(0, 2, 0, State::Running));
  tell(wrote(0, 3, 0, State::Success));
  EXPECT_EQ(run(0).state, State::Success);
  EXPECT_EQ(run(0).origin, Origin::Recorded);
  EXPECT_EQ(all<Finish>().size(), 1U) << "it does not run once more";
}

TEST_F(RunnerEvents, ARestartThatAResumeFindsIsTheLaunchThatNobodyHas) {
  add("a");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded(ProcessOrder{"a", Verb::Restart, now_, later(now_, 20 * kSecond), {}});
  lead();
  tell(CoordinatorGone{0, 0, false});
  tell(TimerDue{});
  ASSERT_EQ(all<StartProcess>().size(), 1U);
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_TRUE(all<Terminate>().empty());
}

TEST_F(RunnerEvents, ALaunchThatTheEndOfTheTaskCalledOffHasNoOrder) {
  add("a");
  add("b");
  start();
  tell(OrderRequest{"a", Verb::Stop, 10 * kSecond, {}});
  tell(OrderRequest{"a", Verb::Restart, 10 * kSecond, {}});
  tell(KillRequest{10 * kSecond, false, {}});
  tell(LaunchCancelled{0, 0});
  EXPECT_TRUE(all<Append>().empty()) << "orders are for an ACTIVE task";
}

TEST_F(RunnerEvents, NothingComesOfAnythingWhenTheTaskIsOver) {
  add("a");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  tell(wrote(0, 3, 0, State::Success));
  ASSERT_EQ(all<Finish>().size(), 1U);
  EXPECT_TRUE(runner_->done());
  tell(KillRequest{});
  EXPECT_TRUE(effects_.empty());
}

// ---- the end of the task
// -------------------------------------------------------------------------

TEST_F(RunnerEvents, ALaterKillPutsNoDeadlineOff) {
  add("a");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(KillRequest{10 * kSecond, false, "one"});
  const Timestamp deadline = runner_->history().steps().back().status.deadline;
  tell(KillRequest{60 * kSecond, false, "two"});
  const TaskStep& last = runner_->history().steps().back();
  EXPECT_EQ(last.reason, "two");
  EXPECT_EQ(last.status.deadline.boot, deadline.boot);
  tell(KillRequest{kSecond, false, "three"});
  EXPECT_LT(runner_->history().steps().back().status.deadline.boot, deadline.boot);
}

TEST_F(RunnerEvents, AKillThatIsLostStaysLost) {
  add("a");
  start();
  tell(wrote(0, 1, 0, State::Forked));
  tell(KillRequest{10 * kSecond, true, {}});
  tell(KillRequest{10 * kSecond, false, {}});
  EXPECT_EQ(runner_->history().steps().back().status.goal, TaskState::Lost);
}

// ---- a resume, until all that happened meanwhile is told
// -----------------------------------------

TEST_F(RunnerEvents, AResumeWaitsUntilAllIsTold) {
  add("a");
  add("b");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  lead();
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  tell(wrote(0, 1, 0, State::Forked));
  EXPECT_TRUE(all<SetTimer>().empty()) << "the one that stands will do";
  EXPECT_TRUE(all<StartProcess>().empty());
  tell(TimerDue{});
  ASSERT_EQ(all<StartProcess>().size(), 1U);
  EXPECT_EQ(all<StartProcess>()[0].process, 1U);
}

TEST_F(RunnerEvents, AnOrderOfAnotherBootIsNotPutOffByItsClock) {
  add("a");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  ProcessOrder order;
  order.process = "a";
  order.verb = Verb::Stop;
  order.at = {now_.wall, now_.boot + 5000 * kSecond};  // that boot had lasted longer
  order.deadline = later(order.at, 10 * kSecond);
  recorded(order);
  start();
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  ASSERT_TRUE(all<SetTimer>()[0].at.has_value());
  EXPECT_LE(*all<SetTimer>()[0].at, now_.boot + 10 * kSecond);
}

TEST_F(RunnerEvents, AnEphemeralFinalizerThatShowsItselfWhenTheOthersAreOverIsKilled) {
  add("a");
  add("f").final = true;
  ProcessConfig& g = add("g");
  g.final = g.ephemeral = true;
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded("a", 1, State::Forked);
  recorded("a", 2, State::Running);
  recorded("a", 3, State::Success);
  recorded(TaskState::Cleaning);
  recorded(TaskState::Finalizing);
  recorded("f", 0, State::Waiting);
  recorded("f", 1, State::Forked);
  recorded("f", 2, State::Running);
  recorded("f", 3, State::Success);
  recorded("g", 0, State::Waiting);
  lead();
  tell(wrote(2, 1, 0, State::Forked));
  ASSERT_EQ(all<Kill>().size(), 1U);
  EXPECT_EQ(all<Kill>()[0].process, 2U);
}

TEST_F(RunnerEvents, ARegularProcessThatShowsItselfInFinalizingIsEnded) {
  add("a").max_failures = 0;
  add("f").final = true;
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded("a", 1, State::Failed);
  recorded(TaskState::Cleaning, TaskState::Killed);
  recorded(TaskState::Finalizing, TaskState::Killed);
  now_ = later(now_, 6 * kSecond);  // past min_duration
  lead();
  tell(wrote(0, 3, 1, State::Forked));  // a power cut took its WAITING
  EXPECT_EQ(appended(0), (std::vector<State>{State::Waiting, State::Forked}));
  EXPECT_EQ(run(0).waiting, *run(0).forked) << "when it began to wait is not known";
  ASSERT_EQ(all<Terminate>().size(), 1U);
  EXPECT_EQ(all<Terminate>()[0].process, 0U);
}

TEST_F(RunnerEvents, ALaunchThatIsCalledOffIsAskedNothing) {
  add("a").ready.emplace();
  task_.processes[0].ready->cmd = "true";
  start();
  tell(LaunchFailed{0, 0, true, "the disk is full"});
  tell(OrderRequest{"a", Verb::Stop, {}, ""});
  now_ = later(now_, 2 * kSecond);
  tell(TimerDue{});
  EXPECT_TRUE(all<Look>().empty());
  for (const SetTimer& timer : all<SetTimer>()) EXPECT_FALSE(timer.at) << *timer.at;
}

TEST_F(RunnerEvents, AFinalizerThatShowsItselfIsLeftToRun) {
  add("a").max_failures = 0;
  add("f").final = true;
  recorded(TaskState::Active);
  recorded(TaskState::Cleaning, TaskState::Killed);
  recorded(TaskState::Finalizing, TaskState::Killed);
  recorded("f", 0, State::Waiting);
  lead();
  tell(wrote(1, 1, 0, State::Forked));
  EXPECT_TRUE(all<Terminate>().empty());
  EXPECT_TRUE(all<Kill>().empty());
}

TEST_F(RunnerEvents, ARunThatAnOrderEndsIsToldAgain) {
  add("a");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded("a", 1, State::Forked);
  recorded(ProcessOrder{"a", Verb::Stop, now_, later(now_, 20 * kSecond), {}});
  lead();
  ASSERT_EQ(all<Terminate>().size(), 1U);
  tell(TimerDue{});
  EXPECT_TRUE(all<Terminate>().empty());
  now_ = later(now_, 20 * kSecond);
  tell(TimerDue{});
  EXPECT_EQ(all<Kill>().size(), 1U);
}

TEST_F(RunnerEvents, AnOrderForARunThatAnotherOrderCalledOffOnlyHoldsIt) {
  add("a");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded(ProcessOrder{"a", Verb::Restart, now_, later(now_, 20 * kSecond), {}});
  lead();
  EXPECT_EQ(all<Terminate>().size(), 1U);
  tell(CoordinatorGone{0, 0, false});
  tell(OrderRequest{"a", Verb::Stop, {}, {}});
  EXPECT_EQ(all<Append>().size(), 1U);
  EXPECT_TRUE(all<Terminate>().empty()) << "there is nobody";
  tell(TimerDue{});
  EXPECT_TRUE(all<StartProcess>().empty());
}

TEST_F(RunnerEvents, OfTwoLaunchesOnRecordWhereThereIsRoomForOneOneGoesOn) {
  task_.max_concurrency = 1;
  task_.max_failures = 0;
  add("a");
  add("b");
  recorded(TaskState::Active);
  recorded("a", 0, State::Waiting);
  recorded(ProcessOrder{"a", Verb::Stop, now_, later(now_, kSecond), {}});
  recorded("b", 0, State::Waiting);  // it takes the room of the one that was called off
  recorded(ProcessOrder{"a", Verb::Start, now_, {}, {}});
  lead();
  EXPECT_EQ(runner_->counts(now_).running, 2U);
  tell(CoordinatorGone{0, 0, false});
  EXPECT_TRUE(effects_.empty()) << "it is called off again, and that takes no record";
  EXPECT_EQ(runner_->counts(now_).running, 1U);
  tell(CoordinatorGone{1, 0, false});
  tell(TimerDue{});
  ASSERT_EQ(all<StartProcess>().size(), 1U);
  EXPECT_EQ(all<StartProcess>()[0].process, 1U);
  tell(LaunchFailed{1, 0, false, "no such user"});
  ASSERT_EQ(all<StartProcess>().size(), 1U) << "now there is room";
  EXPECT_EQ(all<StartProcess>()[0].process, 0U);
  EXPECT_EQ(run(0).number, 0U);
}

// As a power cut leaves a stream that was compacted and not synced.
TEST_F(RunnerEvents, AHistoryThatEndsBehindASummaryIsRefused) {
  add("a");
  recorded(TaskState::Active);
  ProcessSummary summary;
  summary.process = "a";
  summary.next_seq = 8;
  summary.next_run = 2;
  summary.totals.killed = 2;
  recorded(summary);
  task_.name = "t";
  graph_ = std::move(*check_task(task_));
  runner_ = std::make_unique<Runner>(task_, graph_, history_, access_);
  Lead lead;
  lead.header.task_id = "t-1";
  lead.boot = kBoot;
  EXPECT_NE(refusal_of(lead).find("process \"a\": the record ends behind the summary"),
            std::string::npos);
}

TEST_F(RunnerEvents, AHistoryInWhichAProcessRanTooEarlyIsTaken) {
  add("a");
  add("b");
  task_.constraints = {{{"a", "b"}}};
  recorded(TaskState::Active);
  recorded("b", 0, State::Waiting);
  recorded("b", 1, State::Forked);
  recorded(ProcessOrder{"b", Verb::Stop, now_, later(now_, kSecond), {}});
  lead();
  EXPECT_TRUE(all<Terminate>().empty()) << "nobody leads it";
  tell(TimerDue{});
  ASSERT_EQ(all<StartProcess>().size(), 1U);
  EXPECT_EQ(all<StartProcess>()[0].process, 0U);
}

// ---- for the live line
// ---------------------------------------------------------------------------

TEST_F(RunnerEvents, CountsTheProcessesOfTheStage) {
  task_.max_failures = 0;
  task_.max_concurrency = 2;
  add("a");
  add("b").max_failures = 0;
  add("c");
  add("d");
  add("f").final = true;
  task_.constraints = {{{"a", "d"}}};
  start();
  EXPECT_EQ(runner_->counts(now_).running, 2U);
  EXPECT_EQ(runner_->counts(now_).waiting, 1U);
  EXPECT_EQ(runner_->counts(now_).blocked, 1U);
  EXPECT_FALSE(runner_->counts(now_).next_start) << "one may start now, if there is room";
  tell(LaunchFailed{0, 0, false, "no"});
  EXPECT_EQ(runner_->counts(now_).failed, 1U);
  tell(LaunchFailed{1, 0, false, "no"});
  EXPECT_EQ(runner_->counts(now_).next_start, now_.boot + 5 * kSecond);
  tell(KillRequest{});
  tell(LaunchCancelled{2, 0});
  ASSERT_EQ(runner_->state(), TaskState::Finalizing);
  const Runner::Counts counts = runner_->counts(now_);
  EXPECT_EQ(counts.running, 1U);
  EXPECT_EQ(counts.done + counts.failed + counts.waiting + counts.blocked, 0U);
}

}  // namespace
}  // namespace thermos
