// A task that goes on from an ended one, with successes of that one on its record.
#include "core/record/taken_successes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runner_fixture.h"

namespace thermos {
namespace {

class Takeover : public RunnerFixture {
 protected:
  // The ended task, in which each of these succeeded in its second run.
  void before(const std::vector<std::string>& names) {
    RunnerHeader header;
    header.task_id = "t-0";
    take(before_, header);
    for (const std::string& name : names) {
      std::uint64_t seq = 0;
      for (std::uint32_t run = 0; run < 2; ++run) {
        for (const State state : {State::Waiting, State::Forked, State::Running,
                                  run == 0 ? State::Failed : State::Success}) {
          ProcessStatus status = record(name, seq++, run, state);
          now_ = later(now_, kSecond);
          if (is_terminal(state)) {
            status.return_code = 0;
            status.usage = {run + 1, 2, 3};
          }
          take(before_, status);
          if (state != State::Running || run == 0) continue;
          take(before_, ProcessReport{name, run, ReportKind::Ready, now_, "said so", 0});
        }
      }
    }
  }
  static void take(History& history, const Record& record) {
    const auto applied = history.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }
  const ProcessHistory& past(const History& history, const std::string& name) const {
    return history.process(*history.find(name));
  }
  // The new one, before anyone has led it.
  void begin(const std::vector<std::string>& taken) {
    RunnerHeader header;
    header.task_id = "t-1";
    header.continues = "t-0";
    take(history_, header);
    for (const std::string& name : taken) {
      const Status added = take_over(history_, past(before_, name), "t-0");
      ASSERT_TRUE(added.ok()) << added.error().message;
    }
  }
  // What starts, by name.
  std::string starts() const {
    std::string names;
    for (const StartProcess& start : all<StartProcess>()) {
      names += task_.processes[start.process].name + std::to_string(start.run) + " ";
    }
    return names;
  }
  void succeed(ProcessIndex p, std::uint64_t seq, std::uint32_t run) {
    tell(wrote(p, seq, run, State::Forked));
    tell(wrote(p, seq + 1, run, State::Running));
    tell(wrote(p, seq + 2, run, State::Success));
  }

  History before_;
};

TEST_F(Takeover, IsOneRunAtItsOwnTimesThatSaysWhereItRan) {
  before({"a"});
  begin({"a"});
  const ProcessHistory& was = past(before_, "a");
  const ProcessHistory& is = past(history_, "a");
  EXPECT_EQ(is.runs.size(), 1U);
  EXPECT_EQ(is.next_seq, 4U);
  EXPECT_EQ(is.next_run, 1U);
  EXPECT_EQ(is.totals.success, 1U);
  EXPECT_EQ(is.totals.failed, 0U);
  EXPECT_EQ(is.runs.back().usage, (Usage{2, 2, 3}));
  EXPECT_EQ(is.used, UsageTotals()) << "it counts where it ran";
  EXPECT_TRUE(is.started);
  EXPECT_TRUE(is.was_ready);
  EXPECT_EQ(is.last_end, was.last_end);
  EXPECT_EQ(is.last_boot, was.last_boot);
  EXPECT_EQ(is.current()->taken_over_from(), "t-0");
  EXPECT_EQ(was.current()->taken_over_from(), "");
  thermos::Run same = *was.current();
  same.seq = 3;
  same.number = 0;
  same.origin = Origin::TakenOver;
  same.reason = "t-0";
  EXPECT_EQ(*is.current(), same);
}

TEST_F(Takeover, OfWhatWasTakenOverNamesTheTaskThatRanIt) {
  before({"a"});
  begin({"a"});
  History third;
  RunnerHeader header;
  header.task_id = "t-2";
  take(third, header);
  ASSERT_TRUE(take_over(third, past(history_, "a"), "t-1").ok());
  EXPECT_EQ(past(third, "a").current()->taken_over_from(), "t-0");
}

TEST_F(Takeover, TheTasksThatItIsFromAreTold) {
  before({"a"});
  EXPECT_EQ(tasks_taken_over(before_), std::vector<std::string>{});
  begin({"a"});
  EXPECT_EQ(tasks_taken_over(history_), std::vector<std::string>{"t-0"});
}

TEST_F(Takeover, StaysInACompactedStream) {
  before({"a", "b"});
  begin({"a", "b"});
  History back;
  ASSERT_TRUE(history_
                  .rewrite([&](const Record& record) -> Status {
                    const auto applied = back.apply(record);
                    return applied ? Status(Done{}) : Status(applied.error());
                  })
                  .ok());
  EXPECT_EQ(back, history_);
}

TEST_F(Takeover, ReleasesWhatWaitsForIt) {
  for (const char* name : {"a", "b", "c"}) add(name);
  task_.constraints = {{{"a", "b", "c"}}};
  before({"a"});
  begin({"a"});
  lead();
  EXPECT_EQ(starts(), "") << "what happened meanwhile was not told yet";
  tell(TimerDue{});
  EXPECT_EQ(starts(), "b0 ");
  EXPECT_EQ(appended(0), std::vector<State>{}) << "it is on record";
  succeed(1, 1, 0);
  EXPECT_EQ(starts(), "c0 ");
  succeed(2, 1, 0);
  EXPECT_EQ(runner_->state(), TaskState::Success);
}

TEST_F(Takeover, SurvivesTheRunner) {
  for (const char* name : {"a", "b"}) add(name);
  task_.constraints = {{{"a", "b"}}};
  before({"a"});
  begin({"a"});
  start();
  EXPECT_EQ(starts(), "b0 ");
  for (const bool compacted : {false, true}) {
    hand_over(compacted);
    lead();
    tell(CoordinatorGone{1, runner_->past(1).current()->number, false});
    tell(TimerDue{});
    EXPECT_EQ(runner_->past(0).next_run, 1U);
    EXPECT_EQ(runner_->past(0).current()->taken_over_from(), "t-0");
  }
}

TEST_F(Takeover, OfAllProcessesIsTheEndOfTheTask) {
  add("a");
  add("end").final = true;
  before({"a"});
  begin({"a"});
  start();
  EXPECT_EQ(runner_->state(), TaskState::Finalizing);
  EXPECT_EQ(starts(), "end0 ");
}

// The success stands, whatever the service is doing meanwhile.
TEST_F(Takeover, BehindAServiceThatIsToStartRunsNoMore) {
  ProcessConfig& database = add("database");
  database.daemon = true;
  database.ephemeral = true;
  add("load").needs.entries = {{"database", Condition::Start}};
  add("test").needs.entries = {{"load", Condition::Success}, {"database", Condition::Start}};
  before({"load"});
  begin({"load"});
  start();
  EXPECT_EQ(starts(), "database0 ");
  tell(wrote(0, 1, 0, State::Forked));
  tell(wrote(0, 2, 0, State::Running));
  EXPECT_EQ(starts(), "test0 ");
  succeed(2, 1, 0);
  EXPECT_EQ(runner_->past(1).next_run, 1U);
  EXPECT_EQ(runner_->state(), TaskState::Cleaning);
}

TEST_F(Takeover, CountsNoFailuresOfTheEndedTask) {
  add("a");
  add("b").max_failures = 2;
  before({"a", "b"});
  begin({"a"});
  start();
  EXPECT_EQ(starts(), "b0 ");
  tell(wrote(1, 1, 0, State::Forked));
  tell(wrote(1, 2, 0, State::Running));
  tell(wrote(1, 3, 0, State::Failed));
  EXPECT_EQ(runner_->state(), TaskState::Active) << "it may fail once";
}

TEST_F(Takeover, OneThatWasNotAskedWhetherItIsReadyIsNot) {
  before({"a"});
  ProcessHistory process = past(before_, "a");
  auto last = *process.current();
  last.ready = OptionalTime();
  process.runs = {};
  process.runs.emplace_back() = last;
  begin({});
  ASSERT_TRUE(take_over(history_, process, "t-0").ok());
  EXPECT_FALSE(past(history_, "a").current()->ready);
  EXPECT_TRUE(has_succeeded(past(history_, "a")));
}

TEST_F(Takeover, NeedsARecordThatHasBegun) {
  before({"a"});
  History none;
  const Status added = take_over(none, past(before_, "a"), "t-0");
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::Corrupt);
}

TEST_F(Takeover, WhatIsNotOfTheTaskAnyMoreHasNoSuccess) {
  before({"a"});
  ProcessHistory process = past(before_, "a");
  EXPECT_TRUE(has_succeeded(process));
  process.redefined = process.next_run;
  EXPECT_FALSE(has_succeeded(process)) << "it has not run under its latest definition";
  process.redefined = 0;
  process.removed = true;
  EXPECT_FALSE(has_succeeded(process));
  process.removed = false;
  process.runs = {};
  EXPECT_FALSE(has_succeeded(process)) << "how its runs ended is not on record";
}

}  // namespace
}  // namespace thermos
