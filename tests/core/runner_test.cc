// What the state machine takes from a history that is too long to be simulated.
#include "core/runner/runner.h"
#include "core/task/check_task.h"

#include <utility>
#include <variant>

#include <gtest/gtest.h>

namespace thermos {
namespace {

constexpr auto kLimit = static_cast<std::uint32_t>(TaskPlanner::kRunLimit);

// A process that has run `killed` times, each KILLED, and then once more, LOST.
History long_history(std::uint32_t killed) {
  History history;
  const auto apply = [&history](const Record& record) {
    const auto applied = history.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  };
  RunnerHeader header;
  header.task_id = "t";
  apply(header);
  TaskStatus active;
  active.state = TaskState::Active;
  apply(active);
  ProcessSummary summary;
  summary.process = "p";
  summary.next_run = killed;
  summary.next_seq = 100;
  summary.totals.killed = killed;
  apply(summary);
  ProcessStatus status;
  status.process = "p";
  status.run = killed;
  status.seq = 100;
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running, ProcessState::Lost}) {
    status.state = state;
    apply(status);
    ++status.seq;
  }
  return history;
}

TaskState state_after_resume(std::uint32_t killed) {
  TaskConfig task;
  task.name = "t";
  task.processes.emplace_back();
  task.processes[0].name = "p";
  task.processes[0].cmdline = "true";
  const auto graph = check_task(task);
  EXPECT_TRUE(graph.ok());
  Runner runner(task, *graph, long_history(killed));
  const Timestamp now{1000 * kSecond, 1000 * kSecond};
  EXPECT_TRUE(runner.handle(Lead{}, now).ok());
  EXPECT_TRUE(runner.handle(TimerDue{}, now).ok());
  return runner.state();
}

TEST(Runner, CountsTheKilledAndTheLostOfEarlierRunners) {
  EXPECT_EQ(state_after_resume(kLimit - 2), TaskState::Active);
  EXPECT_NE(state_after_resume(kLimit - 1), TaskState::Active) << "it ran as often as it may";
}

// One that has failed for good can be revived, and a daemon runs again.
TEST(Runner, TellsWhoHasFinishedForGoodOnceItLeads) {
  TaskConfig task;
  task.name = "t";
  task.max_failures = 0;
  History history;
  RunnerHeader header;
  header.task_id = "t";
  ASSERT_TRUE(history.apply(header).ok());
  TaskStatus active;
  active.state = TaskState::Active;
  ASSERT_TRUE(history.apply(active).ok());
  for (const char* name : {"once", "daemon", "failed", "never", "final"}) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    process.daemon = process.name == "daemon";
    process.final = process.name == "final";
    if (process.name == "never" || process.final) continue;
    ProcessStatus status;
    status.process = name;
    for (const ProcessState state :
         {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running,
          process.name == "failed" ? ProcessState::Failed : ProcessState::Success}) {
      status.state = state;
      ASSERT_TRUE(history.apply(status).ok());
      ++status.seq;
    }
  }
  const auto graph = check_task(task);
  ASSERT_TRUE(graph.ok());
  Runner runner(task, *graph, std::move(history));
  EXPECT_FALSE(runner.finished(0)) << "it does not know yet";
  ASSERT_TRUE(runner.handle(Lead{}, {1000 * kSecond, 1000 * kSecond}).ok());
  EXPECT_TRUE(runner.finished(0));
  EXPECT_FALSE(runner.finished(1)) << "it runs again";
  EXPECT_FALSE(runner.finished(2)) << "an order can revive it";
  EXPECT_FALSE(runner.finished(3));
  EXPECT_FALSE(runner.finished(4));
}

}  // namespace
}  // namespace thermos
