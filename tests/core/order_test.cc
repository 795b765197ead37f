// What orders do to a history, and that it can be handed out again.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/task/check_task.h"
#include "core/task/task_planner.h"

namespace thermos {
namespace {

class OrderTest : public ::testing::Test {
 protected:
  OrderTest() {
    RunnerHeader header;
    header.task_id = "t";
    apply(header);
  }
  void apply(const Record& record) {
    const auto applied = history_.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }
  void step(ProcessState state) {
    ProcessStatus status;
    status.process = "p";
    status.seq = seq_++;
    if (starts_run(state) && seq_ > 1) ++run_;
    status.run = run_;
    status.state = state;
    status.at = {100, static_cast<Microseconds>(seq_)};
    apply(status);
  }
  void run_up_to(ProcessState last) {
    step(ProcessState::Waiting);
    if (last == ProcessState::Waiting) return;
    step(ProcessState::Forked);
    if (last != ProcessState::Forked) step(last);
  }
  void order(Verb verb, Microseconds at = 50, Microseconds wait = 10) {
    ProcessOrder order;
    order.process = "p";
    order.verb = verb;
    order.at = {at, at};
    order.deadline = {at + wait, at + wait};
    apply(order);
    same_again();
  }
  // Compacted and replayed it is the same.
  void same_again() const {
    History again;
    const auto given = history_.rewrite([&](const Record& record) {
      const auto applied = again.apply(record);
      return applied ? Status(Done{}) : Status(applied.error());
    });
    ASSERT_TRUE(given.ok()) << given.error().message;
    EXPECT_EQ(again, history_);
  }
  const ProcessHistory& p() const { return history_.process(*history_.find("p")); }

  History history_;
  std::uint64_t seq_ = 0;
  std::uint32_t run_ = 0;
};

TEST_F(OrderTest, AStopEndsTheRunAndHoldsTheProcess) {
  run_up_to(ProcessState::Running);
  order(Verb::Stop);
  EXPECT_TRUE(p().held);
  ASSERT_TRUE(p().ending);
  EXPECT_EQ(p().ending->run, 0U);
  step(ProcessState::Killed);
  EXPECT_TRUE(p().held);
  EXPECT_FALSE(p().ending);
  same_again();
  order(Verb::Start);
  EXPECT_FALSE(p().held);
  EXPECT_EQ(p().immediate, 1U);
  step(ProcessState::Waiting);
  EXPECT_FALSE(p().immediate);
}

TEST_F(OrderTest, ADeadlineIsNeverPutOff) {
  run_up_to(ProcessState::Running);
  order(Verb::Restart, 50, 10);
  order(Verb::Stop, 55, 100);
  EXPECT_EQ(p().ending->deadline.boot, 60);
  EXPECT_EQ(p().ending->at.boot, 50);
  order(Verb::Restart, 56, 1);
  EXPECT_EQ(p().ending->deadline.boot, 57);
  EXPECT_EQ(p().immediate, 1U);
}

TEST_F(OrderTest, AfterARebootALaterOneStandsAlone) {
  run_up_to(ProcessState::Waiting);
  order(Verb::Stop, 5000, 10);
  order(Verb::Restart, 20, 10);
  EXPECT_EQ(p().ending->at.boot, 20);
  EXPECT_EQ(p().ending->deadline.boot, 30);
}

TEST_F(OrderTest, AStartDoesNotSaveARunThatIsEnding) {
  run_up_to(ProcessState::Forked);
  order(Verb::Stop);
  order(Verb::Start);
  EXPECT_TRUE(p().ending);
  EXPECT_EQ(p().immediate, 1U);
}

TEST_F(OrderTest, OfARunThatHasNotBegunNothingIsToEnd) {
  run_up_to(ProcessState::Waiting);
  order(Verb::Stop);
  order(Verb::Start);
  EXPECT_FALSE(p().ending);
  EXPECT_FALSE(p().immediate);  // it has waited already
}

TEST_F(OrderTest, OneThatNeverRanIsHeldToo) {
  order(Verb::Stop);
  EXPECT_TRUE(p().held);
  History other;
  EXPECT_FALSE(other == history_);
}

TEST_F(OrderTest, DoesNotOutlastRunsThatASummaryStandsFor) {
  for (const Verb verb : {Verb::Stop, Verb::Start}) {
    SCOPED_TRACE(name_of(verb));
    ProcessOrder order;
    order.process = name_of(verb);
    order.verb = verb;
    apply(order);
    ProcessSummary summary;
    summary.process = order.process;
    summary.next_seq = 8;
    summary.next_run = 2;
    summary.totals.success = 2;
    apply(summary);
    const ProcessHistory& process = history_.process(*history_.find(order.process));
    EXPECT_FALSE(process.held);
    EXPECT_FALSE(process.immediate);
    same_again();
  }
}

TEST_F(OrderTest, ComesBehindTheHeader) {
  History empty;
  EXPECT_FALSE(empty.apply(ProcessOrder{"p", Verb::Stop, {}, {}, {}}).ok());
  EXPECT_EQ(name_of(Verb::Restart), "restart");
  EXPECT_EQ(name_of(Origin::Ordered), "ordered");
}

TEST(PlannerOrders, WhatIsHeldIsNotHandedOut) {
  TaskConfig task;
  task.name = "t";
  for (const char* name : {"a", "b"}) {
    task.processes.emplace_back();
    task.processes.back().name = name;
    task.processes.back().cmdline = "true";
    task.processes.back().min_duration = 100;
  }
  const auto graph = check_task(task);
  ASSERT_TRUE(graph.ok());
  TaskPlanner plan(task, *graph, TaskPlanner::Stage::Regular);
  plan.hold(0);
  EXPECT_EQ(plan.pop_ready(0), 1U);
  EXPECT_FALSE(plan.pop_ready(0));
  plan.set_running(1);
  plan.add_success(1, 0);
  EXPECT_FALSE(plan.complete());
  EXPECT_FALSE(plan.deadlocked());
  plan.release(0);
  EXPECT_EQ(plan.pop_ready(0), 0U);
  plan.set_running(0);
  plan.add_lost(0, 10);
  EXPECT_FALSE(plan.pop_ready(10));
  EXPECT_EQ(plan.next_ready_at(10), 110);
  plan.waive_backoff(0);
  EXPECT_FALSE(plan.next_ready_at(10));
  EXPECT_EQ(plan.pop_ready(10), 0U);
  plan.set_running(0);
  plan.cancel(0);
  EXPECT_TRUE(plan.has_ready(10));
  plan.hold(0);
  EXPECT_FALSE(plan.has_ready(10));
}

}  // namespace
}  // namespace thermos
