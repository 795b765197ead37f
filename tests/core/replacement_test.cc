// A runner that goes on with another configuration of its task: what is as before goes on, what is
// defined otherwise begins anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/runner/outlook.h"
#include "runner_fixture.h"

namespace thermos {
namespace {

class ReplacementTest : public RunnerFixture {
 protected:
  // "db", which "web" needs by its start and "job" by its success.
  void SetUp() override {
    add("db").min_duration = 0;
    add("web").needs.entries = {{"db", Condition::Start}};
    add("job").needs.entries = {{"db", Condition::Success}};
    task_.max_failures = 0;
  }
  // All of `states` of run `run` of process `p`.
  void write(ProcessIndex p, std::uint64_t seq, std::uint32_t run,
             const std::vector<State>& states) {
    for (const State state : states) tell(wrote(p, ++seq, run, state));
  }
  void run_through(ProcessIndex p, State end) {
    const ProcessHistory& past = runner_->past(p);
    write(p, past.current()->seq, past.current()->number, {State::Forked, State::Running, end});
  }
  bool started(ProcessIndex p) const {
    const std::vector<StartProcess> starts = all<StartProcess>();
    return std::any_of(starts.begin(), starts.end(),
                       [p](const StartProcess& start) { return start.process == p; });
  }
  static Replacement replacement(std::vector<std::string> changed,
                                 std::vector<std::string> removed = {}) {
    Replacement record;
    record.generation = 1;
    record.changed = std::move(changed);
    record.removed = std::move(removed);
    return record;
  }
  // A new runner goes on with what the one before knew, and with `task_` as it is now.
  void replace(Replacement record) {
    history_ = runner_->take_history();
    record.generation = history_.generation() + 1;
    auto graph = check_task(task_);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    graph_ = std::move(*graph);
    runner_ = std::make_unique<Runner>(task_, graph_, history_);
    Lead lead;
    lead.header.task_id = "t-1";
    lead.boot = kBoot;
    lead.replacement = std::move(record);
    lead.leads_already = true;
    tell(lead);
    tell(TimerDue{});
  }
  // Another runner takes over what is left of the records, all of them or few.
  void resume(bool compacted) {
    hand_over(compacted);
    start();
  }
  bool live(ProcessIndex p) const { return runner_->past(p).live(); }
};

TEST_F(ReplacementTest, WhatSucceededRunsAgainIfItChanged) {
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    history_ = {};
    start();
    run_through(0, State::Success);
    EXPECT_TRUE(live(1) && live(2));
    write(1, 0, 0, {State::Forked, State::Running});
    replace(replacement({"db"}));
    EXPECT_TRUE(started(0));
    EXPECT_TRUE(live(1)) << "as before";
    EXPECT_EQ(appended(1), std::vector<State>{}) << "it was not touched";
    resume(compacted);
    EXPECT_TRUE(live(0) && live(1));
    run_through(0, State::Success);
    EXPECT_EQ(runner_->past(0).successes(), 1U);
    EXPECT_EQ(runner_->past(0).totals.success, 2U);
  }
}

TEST_F(ReplacementTest, WhatHasNotRunWaitsForTheNewOne) {
  task_.processes[2].needs.entries = {{"db", Condition::Success}, {"web", Condition::Success}};
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    history_ = {};
    start();
    run_through(0, State::Success);
    replace(replacement({"db"}));
    run_through(1, State::Success);
    EXPECT_FALSE(started(2)) << "db has not ended yet";
    resume(compacted);
    EXPECT_FALSE(live(2));
    run_through(0, State::Failed);
    EXPECT_FALSE(live(2)) << "db failed for good";
    EXPECT_EQ(runner_->state(), TaskState::Failed) << "nothing can run any more";
  }
}

TEST_F(ReplacementTest, FailuresOfBeforeDoNotCount) {
  task_.processes[0].max_failures = 2;
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    history_ = {};
    start();
    run_through(0, State::Failed);
    run_through(0, State::Failed);
    EXPECT_TRUE(outlook_of(task_, 0, runner_->past(0), now_.wall).fatal);
    replace(replacement({"db"}));
    EXPECT_TRUE(started(0));
    resume(compacted);
    EXPECT_FALSE(outlook_of(task_, 0, runner_->past(0), now_.wall).fatal);
    run_through(0, State::Failed);
    EXPECT_TRUE(started(0)) << "the first of two";
    resume(compacted);
    run_through(0, State::Failed);
    EXPECT_TRUE(outlook_of(task_, 0, runner_->past(0), now_.wall).fatal);
  }
}

TEST_F(ReplacementTest, AProcessThatIsGoneIsNoneOfTheTasks) {
  start();
  run_through(0, State::Success);
  run_through(2, State::Success);
  task_.processes.pop_back();
  replace(replacement({}, {"job"}));
  const History& history = runner_->history();
  EXPECT_TRUE(history.process(*history.find("job")).removed);
  run_through(1, State::Success);
  EXPECT_EQ(runner_->state(), TaskState::Success) << "all that is left has succeeded";
}

TEST_F(ReplacementTest, OneThatComesBackBeginsAnew) {
  start();
  run_through(0, State::Success);
  run_through(2, State::Success);
  const ProcessConfig job = task_.processes.back();
  task_.processes.pop_back();
  replace(replacement({}, {"job"}));
  task_.processes.push_back(job);
  Replacement back = replacement({});
  back.added = {"job"};
  replace(back);
  EXPECT_TRUE(started(2));
  EXPECT_FALSE(runner_->past(2).removed);
  EXPECT_EQ(runner_->past(2).current()->number, 1U);
  EXPECT_EQ(runner_->history().generation(), 2U);
  resume(true);
  EXPECT_EQ(runner_->history().generation(), 2U);
}

TEST_F(ReplacementTest, WhatWasStoppedForItIsNotHeld) {
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    history_ = {};
    start();
    write(0, 0, 0, {State::Forked, State::Running});
    tell(OrderRequest{"db", Verb::Stop, {}, "replaced"});
    EXPECT_TRUE(runner_->under_way(0));
    write(0, 2, 0, {State::Killed});
    EXPECT_FALSE(runner_->under_way(0));
    replace(replacement({"db"}));
    EXPECT_TRUE(started(0)) << "without a wait";
    resume(compacted);
    EXPECT_TRUE(live(0));
    EXPECT_FALSE(runner_->past(0).held);
  }
}

// Its run is WAITING on record, and nothing of it began.
TEST_F(ReplacementTest, ALaunchThatWasCalledOffGoesOnUnderTheNewDefinition) {
  for (const bool compacted : {false, true}) {
    SCOPED_TRACE(compacted);
    history_ = {};
    start();
    tell(OrderRequest{"db", Verb::Stop, {}, "replaced"});
    tell(LaunchCancelled{0, 0});
    EXPECT_FALSE(runner_->under_way(0));
    EXPECT_TRUE(live(0));
    replace(replacement({"db"}));
    EXPECT_TRUE(runner_->under_way(0)) << "the shell looks what became of it";
    EXPECT_TRUE(runner_->past(0).begun());
    tell(CoordinatorGone{0, 0, false});
    resume(compacted);
    EXPECT_FALSE(runner_->past(0).ending.has_value());
    run_through(0, State::Failed);
    EXPECT_TRUE(outlook_of(task_, 0, runner_->past(0), now_.wall).fatal) << "it counts";
  }
}

TEST_F(ReplacementTest, EachOfManyOutlivesACompaction) {
  task_.processes[0].max_failures = 0;
  start();
  for (int generation = 0; generation < 5; ++generation) {
    for (int run = 0; run < 3; ++run) run_through(0, State::Failed);
    const ProcessHistory& past = runner_->past(0);
    write(0, past.current()->seq, past.current()->number, {State::Forked, State::Running});
    tell(OrderRequest{"db", Verb::Stop, {}, "replaced"});
    write(0, past.current()->seq, past.current()->number, {State::Killed});
    replace(replacement({"db"}));
    for (const std::size_t keep : {1U, 2U, 4U, 5U, 6U, 100U}) {
      SCOPED_TRACE(keep);
      History left = runner_->history();
      left.drop_old(keep);
      History again;
      ASSERT_TRUE(left.rewrite([&](const Record& record) -> Status {
                        const auto applied = again.apply(record);
                        return applied ? Status(Done{}) : Status(applied.error());
                      })
                      .ok());
      EXPECT_EQ(again, left);
      EXPECT_EQ(again.process(*again.find("db")).failures(), 0U);
    }
  }
}

TEST_F(ReplacementTest, FinalizersArePartOfIt) {
  add("after").final = true;
  start();
  run_through(0, State::Success);
  replace(replacement({"db", "after"}));
  resume(true);
  run_through(0, State::Success);
  run_through(1, State::Success);
  run_through(2, State::Success);
  EXPECT_EQ(runner_->state(), TaskState::Finalizing);
  EXPECT_TRUE(started(3));
  run_through(3, State::Success);
  EXPECT_EQ(runner_->state(), TaskState::Success);
}

TEST_F(ReplacementTest, WhatSucceededUnderTheOldDefinitionMayYetWait) {
  task_.processes[0].max_failures = 3;
  task_.processes[0].min_duration = 9 * kSecond;
  start();
  run_through(0, State::Success);
  const auto outlook = [this] { return outlook_of(task_, 0, runner_->past(0), now_.wall); };
  EXPECT_FALSE(outlook().next_try || outlook().fatal) << "it has finished";
  replace(replacement({"db"}));
  run_through(0, State::Failed);
  EXPECT_TRUE(outlook().next_try);
  now_ = later(now_, 10 * kSecond);
  EXPECT_FALSE(outlook().next_try) << "its time has come";
}

TEST_F(ReplacementTest, ARunnerRefusesOneThatDoesNotFollow) {
  start();
  history_ = runner_->take_history();
  runner_ = std::make_unique<Runner>(task_, graph_, history_);
  Lead lead;
  lead.header.task_id = "t-1";
  lead.boot = kBoot;
  lead.replacement = replacement({});
  lead.replacement->generation = 2;
  EXPECT_EQ(refusal_of(lead), "replacement 2 where number 1 is expected");
}

TEST_F(ReplacementTest, OnesThatCannotBeAreCorrupt) {
  History empty;
  EXPECT_FALSE(empty.apply(replacement({})).ok()) << "before the header";
  recorded(TaskState::Active);
  recorded("db", 0, State::Waiting);
  recorded("db", 1, State::Forked);
  EXPECT_FALSE(history_.apply(replacement({"db"})).ok()) << "it runs";
  Replacement second = replacement({});
  second.generation = 2;
  EXPECT_FALSE(history_.apply(second).ok()) << "there was no first";
  second.generation = 0;
  EXPECT_FALSE(history_.apply(second).ok());
  recorded(replacement({}, {"web"}));
  const auto repeated = history_.apply(replacement({"job"}));
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ(*repeated, History::Outcome::Repeat);
  ProcessSummary summary;
  summary.process = "job";
  summary.next_seq = 8;
  summary.next_run = 2;
  summary.redefined = 3;
  EXPECT_FALSE(history_.apply(summary).ok());
  summary.redefined = 2;
  summary.forgiven.success = 1;
  EXPECT_FALSE(history_.apply(summary).ok());
  summary.totals.success = 1;
  EXPECT_TRUE(history_.apply(summary).ok());
}

}  // namespace
}  // namespace thermos
