// What is compared field by field: a field that counts for nothing would let a compaction, or a
// copy, lose it unseen.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "core/record/history.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {
namespace {

// Each of `changes` alone makes another value of one that was the same.
template <typename T>
void expect_each_counts(const T& value, const std::vector<std::function<void(T&)>>& changes) {
  EXPECT_TRUE(T(value) == value);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    T other = value;
    changes[i](other);
    EXPECT_FALSE(other == value) << "change " << i;
  }
}

TEST(Equality, OfTasks) {
  expect_each_counts<RotatePolicy>({},
                                   {[](auto& v) { ++v.log_size; }, [](auto& v) { ++v.backups; }});
  expect_each_counts<Logger>(
      {}, {[](auto& v) { v.destination = LogDestination::Both; },
           [](auto& v) { v.mode = LogMode::Rotate; }, [](auto& v) { ++v.rotate.backups; }});
  expect_each_counts<Resources>(
      {}, {[](auto& v) { ++v.cpu; }, [](auto& v) { ++v.ram; }, [](auto& v) { ++v.disk; }});
  expect_each_counts<ProcessConfig>(
      {}, {[](auto& v) { v.name = "x"; }, [](auto& v) { v.cmdline = "x"; },
           [](auto& v) { ++v.max_failures; }, [](auto& v) { v.daemon = true; },
           [](auto& v) { v.ephemeral = true; }, [](auto& v) { v.final = true; },
           [](auto& v) { ++v.min_duration; }, [](auto& v) { v.resources.emplace(); },
           [](auto& v) { v.logger.emplace(); }});
  expect_each_counts<Constraint>(
      {{"a", "b"}}, {[](auto& v) { v.order.back() = "c"; }, [](auto& v) { v.order.pop_back(); }});
  expect_each_counts<TaskConfig>(
      {}, {[](auto& v) { v.name = "x"; }, [](auto& v) { v.processes.emplace_back(); },
           [](auto& v) { v.constraints.emplace_back(); }, [](auto& v) { v.resources.emplace(); },
           [](auto& v) { ++v.max_failures; }, [](auto& v) { ++v.max_concurrency; },
           [](auto& v) { ++v.finalization_wait; }, [](auto& v) { v.user = "x"; }});
}

TEST(Equality, OfRecords) {
  expect_each_counts<BootId>({}, {[](auto& v) { ++v.high; }, [](auto& v) { ++v.low; }});
  expect_each_counts<Identity>({}, {[](auto& v) { ++v.pid; }, [](auto& v) { ++v.ticks; }});
  expect_each_counts<Timestamp>({}, {[](auto& v) { ++v.wall; }, [](auto& v) { ++v.boot; }});
  expect_each_counts<RunTotals>({}, {[](auto& v) { ++v.success; }, [](auto& v) { ++v.failed; },
                                     [](auto& v) { ++v.killed; }, [](auto& v) { ++v.lost; }});
  expect_each_counts<RunnerHeader>(
      {}, {[](auto& v) { v.task_id = "x"; }, [](auto& v) { v.sandbox = "x"; },
           [](auto& v) { v.log_dir = "x"; }, [](auto& v) { v.hostname = "x"; },
           [](auto& v) { v.user = "x"; }, [](auto& v) { ++v.uid; },
           [](auto& v) { ++v.launch_time; }, [](auto& v) { v.ports["x"] = 1; },
           [](auto& v) { v.chroot = true; }, [](auto& v) { ++v.keep_logs; }});
  expect_each_counts<TaskStatus>(
      {}, {[](auto& v) { v.state = TaskState::Lost; }, [](auto& v) { ++v.at.boot; },
           [](auto& v) { ++v.runner_pid; }, [](auto& v) { ++v.runner_uid; },
           [](auto& v) { ++v.boot.low; }, [](auto& v) { v.goal = TaskState::Lost; },
           [](auto& v) { ++v.deadline.boot; }, [](auto& v) { v.reason = "x"; }});
  expect_each_counts<ProcessStatus>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { ++v.seq; }, [](auto& v) { ++v.run; },
           [](auto& v) { v.state = ProcessState::Lost; },
           [](auto& v) { v.origin = Origin::Repaired; }, [](auto& v) { ++v.identity.pid; },
           [](auto& v) { ++v.boot.low; }, [](auto& v) { ++v.at.boot; },
           [](auto& v) { v.return_code = 0; }, [](auto& v) { v.reason = "x"; }});
  expect_each_counts<ProcessSummary>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { ++v.next_seq; },
           [](auto& v) { ++v.next_run; }, [](auto& v) { ++v.totals.lost; },
           [](auto& v) { v.first_failed = 0; }, [](auto& v) { ++v.last_end.boot; },
           [](auto& v) { ++v.boot.low; }, [](auto& v) { v.started = true; },
           [](auto& v) { v.was_ready = true; }, [](auto& v) { ++v.totals.ordered; },
           [](auto& v) { ++v.forgiven.runs; }, [](auto& v) { ++v.forgiven.failed; },
           [](auto& v) { ++v.forgiven.killed; }, [](auto& v) { ++v.forgiven.success; },
           [](auto& v) { ++v.redefined; }});
  expect_each_counts<ProcessReport>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { ++v.run; }, [](auto& v) { ++v.at.boot; },
           [](auto& v) { v.text = "x"; }});
  expect_each_counts<ProcessOrder>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { v.verb = Verb::Stop; },
           [](auto& v) { ++v.at.boot; }, [](auto& v) { ++v.deadline.boot; },
           [](auto& v) { v.reason = "x"; }, [](auto& v) { v.revives = true; },
           [](auto& v) { v.redefines = true; }});
  expect_each_counts<Replacement>(
      {},
      {[](auto& v) { ++v.generation; }, [](auto& v) { ++v.at.boot; },
       [](auto& v) { v.reason = "x"; }, [](auto& v) { v.changed.emplace_back("x"); },
       [](auto& v) { v.added.emplace_back("x"); }, [](auto& v) { v.removed.emplace_back("x"); }});
}

TEST(Equality, OfHistories) {
  expect_each_counts<thermos::Run>(
      {}, {[](auto& v) { ++v.seq; }, [](auto& v) { ++v.number; },
           [](auto& v) { v.state = ProcessState::Lost; },
           [](auto& v) { v.origin = Origin::Repaired; }, [](auto& v) { ++v.coordinator.pid; },
           [](auto& v) { ++v.process.pid; }, [](auto& v) { ++v.boot.low; },
           [](auto& v) { ++v.waiting.boot; }, [](auto& v) { v.forked.emplace(); },
           [](auto& v) { v.started.emplace(); }, [](auto& v) { v.ready.emplace(); },
           [](auto& v) { ++v.refusals; }, [](auto& v) { v.stopped.emplace(); },
           [](auto& v) { v.return_code = 0; }, [](auto& v) { v.reason = "x"; }});
  expect_each_counts<StopOrder>({}, {[](auto& v) { ++v.run; }, [](auto& v) { ++v.at.boot; },
                                     [](auto& v) { ++v.deadline.boot; }});
  expect_each_counts<ProcessHistory>(
      {}, {[](auto& v) { v.name = "x"; }, [](auto& v) { v.runs.emplace_back(); },
           [](auto& v) { ++v.totals.lost; }, [](auto& v) { ++v.next_seq; },
           [](auto& v) { ++v.next_run; }, [](auto& v) { v.first_failed = 0; },
           [](auto& v) { v.last_end.emplace(); }, [](auto& v) { ++v.last_boot.low; },
           [](auto& v) { v.held = true; }, [](auto& v) { v.ending.emplace(); },
           [](auto& v) { v.immediate = 0; }, [](auto& v) { v.started = true; },
           [](auto& v) { v.was_ready = true; }, [](auto& v) { ++v.forgiven.runs; },
           [](auto& v) { ++v.redefined; }, [](auto& v) { v.removed = true; }});
  expect_each_counts<TaskStep>(
      {}, {[](auto& v) { ++v.status.runner_pid; }, [](auto& v) { v.reason = "x"; }});
}

}  // namespace
}  // namespace thermos
