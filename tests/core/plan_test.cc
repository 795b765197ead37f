// Plans: the state machine on a virtual clock.
#include "core/explain/plan.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/task/check_task.h"

namespace thermos {
namespace {

class PlanTest : public ::testing::Test {
 protected:
  ProcessConfig& add(const std::string& name, double seconds, Named<Condition> needs = {}) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    process.min_duration = 0;
    process.needs = std::move(needs);
    given_.emplace_back(static_cast<Microseconds>(seconds * kSecond));
    return process;
  }
  static Named<Condition> needs(std::initializer_list<std::string> names,
                                Condition condition = Condition::Success) {
    Named<Condition> all;
    for (const std::string& name : names) all.entries.emplace_back(name, condition);
    return all;
  }
  Plan made() {
    task_.name = "t";
    PlanQuestion question{&task_, &past_, given_, {}};
    question.fails.resize(task_.processes.size());
    for (std::size_t p = 0; p < task_.processes.size(); ++p) {
      question.fails[p] = task_.processes[p].name == fails_;
    }
    Result<Plan> plan = thermos::plan(question);
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    return plan ? std::move(*plan) : Plan();
  }
  // "a 0-2, b 2-5"
  std::string times(const Plan& plan) const {
    std::string text;
    for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
      const PlannedProcess& process = plan.played.processes[p];
      if (!process.start) continue;
      text += (text.empty() ? "" : ", ") + task_.processes[p].name + " " +
              std::to_string(*process.start / kSecond) + "-" +
              (process.end ? std::to_string(*process.end / kSecond) : "");
    }
    return text;
  }
  std::string path(const Plan& plan) const {
    std::string text;
    for (const ProcessIndex p : plan.critical_path) text += task_.processes[p].name;
    return text;
  }
  // Records runs of `process` that took so long.
  void took(const std::string& process, const std::vector<double>& seconds,
            Microseconds launch = 0) {
    History history;
    RunnerHeader header;
    header.task_id = "t-1";
    ASSERT_TRUE(history.apply(header).ok());
    Microseconds now = kSecond;
    ProcessStatus status;
    status.process = process;
    for (const double lasted : seconds) {
      for (const ProcessState state : {ProcessState::Waiting, ProcessState::Forked,
                                       ProcessState::Running, ProcessState::Success}) {
        if (state == ProcessState::Running) now += launch;
        if (state == ProcessState::Success) now += static_cast<Microseconds>(lasted * kSecond);
        status.state = state;
        status.at = {now, now};
        ASSERT_TRUE(history.apply(status).ok());
        ++status.seq;
      }
      ++status.run;
    }
    past_.add(history);
  }
  // Records a task in which a run of `process` was ready two seconds after its start. Then it ended
  // as `end` says, ten seconds after its start; without `end` it is still under way.
  void was_ready(const std::string& process, std::optional<ProcessState> end) {
    History history;
    RunnerHeader header;
    header.task_id = "t-1";
    ASSERT_TRUE(history.apply(header).ok());
    ProcessStatus status;
    status.process = process;
    const auto enter = [&](ProcessState state, Microseconds at) {
      status.state = state;
      status.at = {at, at};
      ASSERT_TRUE(history.apply(status).ok());
      ++status.seq;
    };
    enter(ProcessState::Waiting, kSecond);
    enter(ProcessState::Forked, kSecond);
    enter(ProcessState::Running, kSecond);
    const Timestamp ready{3 * kSecond, 3 * kSecond};
    ASSERT_TRUE(history.apply(ProcessReport{process, 0, ReportKind::Ready, ready, {}, 0}).ok());
    if (end) enter(*end, 11 * kSecond);
    past_.add(history);
  }

  TaskConfig task_;
  PastTimes past_;
  std::vector<std::optional<Microseconds>> given_;
  std::string fails_;
};

TEST_F(PlanTest, TheOrderAndTheLongestChainDecide) {
  add("a", 2);
  add("b", 3, needs({"a"}));
  add("c", 1, needs({"a"}));
  add("d", 4, needs({"b", "c"}));
  const Plan plan = made();
  EXPECT_EQ(times(plan), "a 0-2, b 2-5, c 2-3, d 5-9");
  EXPECT_EQ(path(plan), "abd");
  EXPECT_EQ(plan.p50, 9 * kSecond);
  EXPECT_EQ(plan.p90, 9 * kSecond);
  EXPECT_EQ(plan.state, TaskState::Success);
  EXPECT_EQ(plan.rounds, 1U);
}

TEST_F(PlanTest, PlacesAndPoolsCount) {
  task_.max_concurrency = 2;
  for (const std::string name : {"a", "b", "c", "d"}) add(name, 2);
  EXPECT_EQ(times(made()), "a 0-2, b 0-2, c 2-4, d 2-4");
  task_.max_concurrency = 0;
  task_.pools.entries = {{"seat", 1}};
  for (ProcessConfig& process : task_.processes) process.uses.entries = {{"seat", 1}};
  const Plan plan = made();
  EXPECT_EQ(times(plan), "a 0-2, b 2-4, c 4-6, d 6-8");
  EXPECT_EQ(path(plan), "abcd");
  // How much there is of the daemon's nobody knows here.
  task_.pools.entries.clear();
  EXPECT_EQ(times(made()), "a 0-2, b 0-2, c 0-2, d 0-2");
}

TEST_F(PlanTest, WhatIsNeededOtherwiseCounts) {
  add("server", 0).daemon = true;
  task_.processes[0].ephemeral = true;
  task_.processes[0].ready.emplace().tcp = "localhost:1";
  add("client", 3, needs({"server"}, Condition::Ready));
  add("last", 2).final = true;
  Plan plan = made();
  EXPECT_EQ(times(plan), "server 0-3, client 0-3, last 3-5");
  EXPECT_EQ(path(plan), "serverclientlast");
  EXPECT_EQ(plan.p50, 5 * kSecond);
  EXPECT_TRUE(plan.unknown.empty());
}

TEST_F(PlanTest, AFailureEndsTheTaskOrRunsAgain) {
  add("a", 2).max_failures = 3;
  task_.processes[0].min_duration = 5 * kSecond;
  add("b", 1, needs({"a"}));
  add("c", 600);
  fails_ = "a";
  const Plan plan = made();
  EXPECT_EQ(times(plan), "a 0-16, c 0-16");
  EXPECT_EQ(plan.played.processes[0].runs, 3U);
  EXPECT_EQ(plan.state, TaskState::Failed);
  EXPECT_EQ(plan.p50, 16 * kSecond);
  EXPECT_EQ(path(plan), "a");
  EXPECT_EQ(plan.played.processes[2].state, ProcessState::Killed);
}

TEST_F(PlanTest, AFailureWithoutALimitIsRefused) {
  add("a", 1).max_failures = 0;
  task_.name = "t";
  const PlanQuestion question{&task_, &past_, given_, {true}};
  const Result<Plan> plan = thermos::plan(question);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::Usage);
  EXPECT_EQ(plan.error().message, "a fails again and again, and the task never ends");
}

TEST_F(PlanTest, ATimeoutEndsWhatTakesLonger) {
  add("a", 60).timeout = 10 * kSecond;
  const Plan plan = made();
  EXPECT_EQ(plan.state, TaskState::Failed);
  EXPECT_EQ(plan.p50, 10 * kSecond);
}

TEST_F(PlanTest, ATaskThatDoesNotEndSaysSo) {
  add("a", 1);
  add("server", 0).daemon = true;
  const Plan plan = made();
  EXPECT_EQ(plan.state, TaskState::Active);
  EXPECT_FALSE(plan.p50);
  EXPECT_EQ(times(plan), "a 0-1, server 0-");
}

TEST_F(PlanTest, WhatIsNotKnownIsSaid) {
  add("a", 2);
  add("b", 0, needs({"a"}));
  add("c", 0, needs({"b"}));
  given_[1].reset();
  given_[2].reset();
  took("c", {3});
  const Plan plan = made();
  EXPECT_EQ(plan.unknown, std::vector<ProcessIndex>({1}));
  EXPECT_FALSE(plan.p50);
  EXPECT_FALSE(plan.p90);
  EXPECT_EQ(plan.at_least, 5 * kSecond);
}

TEST_F(PlanTest, TheTimesOfThePastAreDrawnFrom) {
  add("a", 0);
  add("b", 0, needs({"a"}));
  given_.assign(2, std::nullopt);
  took("a", {1, 1, 1, 1, 1, 1, 1, 1, 11, 11});
  took("b", {5}, kSecond / 2);
  const Plan plan = made();
  EXPECT_EQ(plan.rounds, 200U);
  EXPECT_EQ(plan.p50, 1 * kSecond + 5 * kSecond + kSecond / 2);
  EXPECT_EQ(plan.p90, 11 * kSecond + 5 * kSecond + kSecond / 2);
  EXPECT_EQ(times(plan), "a 0-1, b 1-6");
}

TEST_F(PlanTest, OnlySuccessesSayHowLongSomethingTakes) {
  History history;
  RunnerHeader header;
  header.task_id = "t-1";
  ASSERT_TRUE(history.apply(header).ok());
  ProcessStatus status;
  status.process = "a";
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running, ProcessState::Failed}) {
    status.state = state;
    ASSERT_TRUE(history.apply(status).ok());
    ++status.seq;
  }
  past_.add(history);
  EXPECT_EQ(past_.of("a"), nullptr);
  EXPECT_TRUE(past_.empty());
  took("b", std::vector<double>(PastTimes::kMostRuns + 5, 1));
  EXPECT_EQ(past_.of("b")->size(), PastTimes::kMostRuns);
}

TEST_F(PlanTest, ARunThatWasReadyAndDidNotSucceedDoesNotSayHowLongItTakes) {
  add("a", 0).ready.emplace().notify = true;
  add("b", 1, needs({"a"}, Condition::Ready));
  given_[0].reset();
  was_ready("a", ProcessState::Failed);
  was_ready("a", std::nullopt);
  Plan plan = made();
  EXPECT_EQ(plan.unknown, std::vector<ProcessIndex>({0}));
  EXPECT_FALSE(plan.p50);

  was_ready("a", ProcessState::Success);
  plan = made();
  EXPECT_TRUE(plan.unknown.empty());
  EXPECT_EQ(plan.p50, 10 * kSecond);
  EXPECT_EQ(plan.p90, 10 * kSecond);
  EXPECT_EQ(times(plan), "a 0-10, b 2-3");
}

// Its readiness is all that matters of a daemon, and of a run whose duration is given.
TEST_F(PlanTest, ARunThatDidNotSucceedSaysWhenItWasReady) {
  add("server", 0).ready.emplace().notify = true;
  add("client", 1, needs({"server"}, Condition::Ready));
  was_ready("server", ProcessState::Failed);
  given_[0] = 20 * kSecond;
  EXPECT_EQ(times(made()), "server 0-20, client 2-3");
  task_.processes[0].daemon = true;
  task_.processes[0].ephemeral = true;
  given_[0].reset();
  EXPECT_EQ(times(made()), "server 0-3, client 2-3");
}

TEST_F(PlanTest, WhatIsUnderWayGoesOn) {
  add("a", 0);
  add("b", 0, needs({"a"}));
  given_.assign(2, std::nullopt);
  took("a", {10});
  took("b", {5});
  task_.name = "t";
  const Result<Graph> graph = check_task(task_);
  ASSERT_TRUE(graph.ok());
  // Until `a` has run for four seconds.
  History history;
  RunnerHeader header;
  header.task_id = "t-1";
  ASSERT_TRUE(history.apply(header).ok());
  TaskStatus active;
  active.boot = {7, 7};
  ASSERT_TRUE(history.apply(active).ok());
  ProcessStatus status;
  status.process = "a";
  status.at = {100 * kSecond, 50 * kSecond};
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running}) {
    status.state = state;
    status.boot = state == ProcessState::Forked ? BootId{7, 7} : BootId{};
    ASSERT_TRUE(history.apply(status).ok());
    ++status.seq;
  }
  const Timestamp now{104 * kSecond, 54 * kSecond};
  EXPECT_EQ(time_left(task_, *graph, history, past_, now), 11 * kSecond);
  // It takes longer than ever.
  const Timestamp late{120 * kSecond, 70 * kSecond};
  EXPECT_EQ(time_left(task_, *graph, history, past_, late), 5 * kSecond);
  EXPECT_FALSE(time_left(task_, *graph, history, PastTimes(), now));
  PastTimes half;
  half.add(History());
  took("c", {1});
  EXPECT_FALSE(time_left(task_, *graph, history, half, now));
}

}  // namespace
}  // namespace thermos
