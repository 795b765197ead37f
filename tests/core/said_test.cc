// What a runner makes of what its runs say of themselves.
#include <gtest/gtest.h>

#include "running_process.h"

namespace thermos {
namespace {

class Said : public RunningProcess {
 protected:
  CoordinatorReport says(ReportKind kind, const char* text = "", Microseconds until = 0,
                         std::uint32_t run = 0) const {
    return {0, {"a", run, kind, now_, text, until}};
  }
  std::vector<ProcessReport> reports() const {
    std::vector<ProcessReport> found;
    for (const Append& append : all<Append>()) {
      if (const auto* report = std::get_if<ProcessReport>(&append.record)) found.push_back(*report);
    }
    return found;
  }
  bool fails() const {
    for (const Append& append : all<Append>()) {
      if (std::holds_alternative<ProcessOrder>(append.record)) return true;
    }
    return false;
  }
  void add_with_notify() {
    ProcessConfig& process = add("a");
    process.ready.emplace().notify = true;
    process.ready->within = 10 * kSecond;
  }
};

TEST_F(Said, ReadyIsAsItsCoordinatorHeardIt) {
  add_with_notify();
  run_a();
  EXPECT_TRUE(all<Probe>().empty());
  const CoordinatorReport ready = says(ReportKind::Ready, "READY=1");
  passes(kSecond);
  EXPECT_TRUE(all<Probe>().empty() && all<Look>().empty());
  tell(ready);
  ASSERT_EQ(reports().size(), 1U);
  EXPECT_EQ(run(0).ready, ready.report.at);
  tell(ready);
  EXPECT_TRUE(reports().empty()) << "a runner that takes over reads it again";
  passes(100 * kSecond);
  EXPECT_FALSE(fails());
}

TEST_F(Said, ReadyMeansNothingToWhoIsAsked) {
  add("a").ready.emplace().file = "up";
  run_a();
  tell(says(ReportKind::Ready));
  EXPECT_TRUE(reports().empty());
}

TEST_F(Said, WhoHasNotSaidReadyIsLookedForBeforeItFails) {
  add_with_notify();
  run_a();
  passes(10 * kSecond - 10);
  EXPECT_TRUE(all<Look>().empty() && !fails());
  passes(10);
  EXPECT_EQ(all<Look>().size(), 1U);
  EXPECT_FALSE(fails());
  passes(kSecond / 10);
  EXPECT_TRUE(fails());
}

TEST_F(Said, OrIsReadyWhenItIsFound) {
  add_with_notify();
  run_a();
  passes(10 * kSecond);
  tell(says(ReportKind::Ready));
  EXPECT_EQ(reports().size(), 1U);
  passes(kSecond);
  EXPECT_FALSE(fails());
}

TEST_F(Said, TheLatestStatusIsOnRecordUntilItsRunIsOver) {
  add("a").max_failures = 0;
  task_.processes[0].min_duration = 0;
  run_a();
  const CoordinatorReport first = says(ReportKind::Status, "one");
  tell(first);
  EXPECT_EQ(reports().size(), 1U);
  tell(says(ReportKind::Status, "two"));
  tell(first);
  EXPECT_TRUE(reports().empty());
  ASSERT_TRUE(runner_->past(0).said);
  EXPECT_EQ(runner_->past(0).said->status, "two");
  tell(wrote(0, 3, 0, State::Failed));
  EXPECT_FALSE(runner_->past(0).said);
  tell(says(ReportKind::Status, "late"));
  EXPECT_TRUE(reports().empty());
}

TEST_F(Said, MoreTimeIsGiven) {
  add_with_notify();
  task_.processes[0].timeout = 12 * kSecond;
  run_a();
  const Microseconds until = now_.boot + 20 * kSecond;
  tell(says(ReportKind::Extended, "", until));
  passes(19 * kSecond);
  EXPECT_FALSE(fails()) << "neither within nor timeout is over";
  tell(says(ReportKind::Ready));
  passes(kSecond);
  EXPECT_TRUE(fails()) << "its timeout is";
}

TEST_F(Said, LessTimeIsNotTaken) {
  add_with_notify();
  run_a();
  tell(says(ReportKind::Extended, "", now_.boot + kSecond));
  passes(9 * kSecond);
  EXPECT_TRUE(all<Look>().empty() && !fails());
}

TEST_F(Said, MoreTimeToEndIsGivenToWhoIsStopped) {
  add("a").stop_wait = 5 * kSecond;
  run_a();
  tell(says(ReportKind::Extended, "", now_.boot + 1000 * kSecond));
  tell(OrderRequest{"a", Verb::Stop, {}, "enough"});
  tell(says(ReportKind::Extended, "", now_.boot + 8 * kSecond));
  passes(7 * kSecond);
  EXPECT_TRUE(all<Kill>().empty());
  passes(kSecond);
  EXPECT_EQ(all<Kill>().size(), 1U) << "what it asked for before it was stopped is another thing";
}

TEST_F(Said, MoreTimeToEndIsGivenWhenTheTaskEnds) {
  add("a").stop_wait = 5 * kSecond;
  task_.finalization_wait = 30 * kSecond;
  run_a();
  tell(says(ReportKind::Extended, "", now_.boot + 1000 * kSecond));
  passes(kSecond);
  tell(KillRequest{});
  EXPECT_EQ(all<Terminate>().size(), 1U);
  passes(kSecond);
  tell(says(ReportKind::Extended, "", now_.boot + 8 * kSecond));
  passes(7 * kSecond);
  EXPECT_TRUE(all<Kill>().empty());
  tell(says(ReportKind::Extended, "", now_.boot + 1000 * kSecond));
  passes(20 * kSecond);
  EXPECT_TRUE(all<Kill>().empty());
  passes(2 * kSecond);
  EXPECT_EQ(all<Kill>().size(), 1U) << "the task's own deadline stands";
}

TEST_F(Said, WhoDoesNotAskWhenTheTaskEndsIsKilledInTime) {
  add("a").stop_wait = 5 * kSecond;
  task_.finalization_wait = 30 * kSecond;
  run_a();
  tell(says(ReportKind::Extended, "", now_.boot + 1000 * kSecond));
  passes(kSecond);
  tell(KillRequest{});
  passes(5 * kSecond);
  EXPECT_EQ(all<Kill>().size(), 1U) << "what it asked for before is another thing";
}

TEST_F(Said, WhatWasSaidOutlivesACompaction) {
  add_with_notify();
  run_a();
  tell(says(ReportKind::Status, "busy"));
  tell(says(ReportKind::Stopping));
  tell(says(ReportKind::Extended, "", 77));
  tell(says(ReportKind::Ignored, "a stranger"));
  History other;
  const auto rewritten = runner_->history().rewrite([&](const Record& record) -> Status {
    const auto applied = other.apply(record);
    return applied ? Status(Done{}) : Status(applied.error());
  });
  ASSERT_TRUE(rewritten.ok()) << rewritten.error().message;
  EXPECT_EQ(other, runner_->history());
  EXPECT_EQ(other.process(0).said->status, "busy");
  EXPECT_EQ(other.process(0).said->until, 77);
}

TEST_F(Said, HealthIsNotTheirsToSay) {
  add_with_notify();
  run_a();
  for (const ReportKind kind : {ReportKind::Healthy, ReportKind::Unhealthy}) {
    tell(says(kind));
    EXPECT_TRUE(effects_.empty());
    EXPECT_EQ(run(0).refusals, 0U);
  }
}

TEST(MayNotify, WhoSaysThatItIsReadyOrAliveOrWantsTo) {
  ProcessConfig process;
  EXPECT_FALSE(may_notify(process));
  process.ready.emplace().file = "up";
  EXPECT_FALSE(may_notify(process));
  process.ready->notify = true;
  EXPECT_TRUE(may_notify(process));
  process.ready.reset();
  process.watchdog = kSecond;
  EXPECT_TRUE(may_notify(process));
  process.watchdog.reset();
  process.notify = true;
  EXPECT_TRUE(may_notify(process));
}

}  // namespace
}  // namespace thermos
