// Builds histories for tests of their output.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos::testing {

// 2026-01-02 03:04:05.678901 UTC.
inline constexpr Microseconds kBegin = 1'767'323'045'678'901;
inline constexpr Microseconds kBoot = 500 * kSecond;

// Builds a history record by record. `after` is in microseconds from kBegin.
class HistoryBuilder {
 public:
  explicit HistoryBuilder(std::string_view id = "task-1", std::string_view sandbox = "/box") {
    RunnerHeader header;
    header.task_id = id;
    header.sandbox = sandbox;
    header.log_dir = std::string(sandbox) + "/.logs";
    header.hostname = "host";
    header.user = "someone";
    header.uid = 7;
    header.launch_time = kBegin;
    header.ports = {{"http", 80}};
    add(header);
    task(TaskState::Active, 0);
  }

  static Timestamp at(Microseconds after) { return {kBegin + after, kBoot + after}; }

  HistoryBuilder& add(const Record& record) {
    const auto applied = history_.apply(record);
    EXPECT_TRUE(applied) << (applied ? "" : applied.error().message);
    return *this;
  }

  HistoryBuilder& task(TaskState state, Microseconds after, std::string_view reason = "") {
    TaskStatus status;
    status.state = state;
    status.at = at(after);
    status.runner_pid = 11;
    status.runner_uid = 7;
    status.goal = goal_;
    status.reason = reason;
    return add(status);
  }

  HistoryBuilder& goal(TaskState goal) {
    goal_ = goal;
    return *this;
  }

  // Returns the next transition of `process`.
  ProcessStatus next(std::string_view process, ProcessState state, Microseconds after) const {
    ProcessStatus status;
    const auto index = history_.find(process);
    status.process = process;
    status.seq = index ? history_.process(*index).next_seq : 0;
    const std::uint32_t next_run = index ? history_.process(*index).next_run : 0;
    status.run = state == ProcessState::Waiting ? next_run : next_run - 1;
    status.state = state;
    status.at = at(after);
    if (state == ProcessState::Forked) status.identity = {100, 1};
    if (state == ProcessState::Running) status.identity = {101, 2};
    return status;
  }

  HistoryBuilder& process(std::string_view name, ProcessState state, Microseconds after) {
    return add(next(name, state, after));
  }

  // Adds a complete run that starts at `after`, takes `took` and ends in `end`.
  HistoryBuilder& run(std::string_view name, ProcessState end, Microseconds after,
                      Microseconds took, std::int32_t code, std::string_view reason = "") {
    process(name, ProcessState::Waiting, after);
    process(name, ProcessState::Forked, after);
    process(name, ProcessState::Running, after);
    ProcessStatus last = next(name, end, after + took);
    last.return_code = code;
    last.reason = reason;
    return add(last);
  }

  const History& history() const { return history_; }

 private:
  History history_;
  TaskState goal_ = TaskState::Success;
};

}  // namespace thermos::testing
