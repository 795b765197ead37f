// A runner that is told one event after the other, with the records of an earlier one if there are
// any.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/runner/runner.h"
#include "core/task/check_task.h"

namespace thermos {

class RunnerFixture : public ::testing::Test {
 public:
  using State = ProcessState;
  static constexpr BootId kBoot{1, 2};
  static constexpr Identity kCoordinator{501, 9001};

 protected:
  ProcessConfig& add(const std::string& name) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    return process;
  }

  // ---- a history from before ----

  void recorded(const Record& record) {
    const auto applied = history_.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }
  void recorded(TaskState state, TaskState goal = TaskState::Success) {
    if (!history_.header()) {
      RunnerHeader header;
      header.task_id = "t-1";
      recorded(header);
    }
    TaskStatus status;
    status.state = state;
    status.goal = goal;
    status.boot = kBoot;
    status.at = now_;
    status.deadline = later(now_, 30 * kSecond);
    recorded(status);
  }
  void recorded(const std::string& process, std::uint64_t seq, State state) {
    recorded(record(process, seq, 0, state));
  }

  // All records of this runner for the next one, or those of a compacted stream.
  void hand_over(bool compacted) {
    History left = runner_->history();
    if (compacted) left.drop_old(1);
    history_ = {};
    const Status rewritten = left.rewrite([this](const Record& record) -> Status {
      const auto applied = history_.apply(record);
      return applied ? Status(Done{}) : Status(applied.error());
    });
    ASSERT_TRUE(rewritten.ok()) << rewritten.error().message;
    EXPECT_EQ(history_, left);
  }

  // ---- the runner ----

  // Takes the lead of what is in `history_`; nothing else is told.
  void lead() {
    task_.name = "t";
    auto graph = check_task(task_, access_.pools != nullptr ? PoolsOf::Daemon : PoolsOf::Task);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    graph_ = std::move(*graph);
    runner_ = std::make_unique<Runner>(task_, graph_, history_, access_);
    Lead lead;
    lead.header.task_id = "t-1";
    lead.boot = kBoot;
    tell(lead);
  }
  // A new task, or a resume that nothing was missed by.
  void start() {
    lead();
    tell(TimerDue{});
  }
  void tell(const Event& event) {
    now_ = later(now_, 1);
    auto effects = runner_->handle(event, now_);
    ASSERT_TRUE(effects.ok()) << effects.error().message;
    effects_.assign(effects->begin(), effects->end());
  }
  std::string refusal_of(const Event& event) {
    now_ = later(now_, 1);
    auto effects = runner_->handle(event, now_);
    if (effects.ok()) return "";
    EXPECT_EQ(effects.error().code, ErrorCode::Corrupt);
    return effects.error().message;
  }

  ProcessStatus record(const std::string& process, std::uint64_t seq, std::uint32_t run,
                       State state) const {
    ProcessStatus status;
    // Views must outlive the event: the task's name does, where it has one.
    status.process = process;
    for (const ProcessConfig& config : task_.processes) {
      if (config.name == process) status.process = config.name;
    }
    status.seq = seq;
    status.run = run;
    status.state = state;
    status.at = now_;
    if (state == State::Forked) {
      status.identity = kCoordinator;
      status.boot = kBoot;
    }
    return status;
  }
  CoordinatorRecord wrote(ProcessIndex p, std::uint64_t seq, std::uint32_t run, State state) const {
    return {p, record(task_.processes[p].name, seq, run, state)};
  }

  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Effect& effect : effects_) {
      if (const auto* e = std::get_if<T>(&effect)) found.push_back(*e);
    }
    return found;
  }
  // What was appended of process `p`, in order.
  std::vector<State> appended(ProcessIndex p) const {
    std::vector<State> states;
    for (const Append& append : all<Append>()) {
      const auto* status = std::get_if<ProcessStatus>(&append.record);
      if (status != nullptr && status->process == task_.processes[p].name) {
        states.push_back(status->state);
      }
    }
    return states;
  }
  const thermos::Run& run(ProcessIndex p) const { return *runner_->past(p).current(); }

  TaskConfig task_;
  PoolAccess access_;  // to a daemon's pools, where the test has any
  Graph graph_;
  History history_;
  std::unique_ptr<Runner> runner_;
  Timestamp now_{5000 * kSecond, 1000 * kSecond};
  std::vector<Effect> effects_;
};

}  // namespace thermos
