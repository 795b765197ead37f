// What is compared field by field: a field that counts for nothing would let a compaction, or a
// copy, lose it unseen.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "core/record/history.h"
#include "core/record/record.h"
#include "core/runner/file_carrying.h"
#include "core/runner/launch_admission.h"
#include "core/runner/placement.h"
#include "core/runner/runs_counted.h"
#include "core/task/probe_question.h"
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
  expect_each_counts<OnYield>(
      {}, {[](auto& v) { v.signal = SignalNumber{10}; }, [](auto& v) { v.wait = 1; }});
  expect_each_counts<ProcessConfig>(
      {}, {[](auto& v) { v.name = "x"; },
           [](auto& v) { v.cmdline = "x"; },
           [](auto& v) { ++v.max_failures; },
           [](auto& v) { v.daemon = true; },
           [](auto& v) { v.ephemeral = true; },
           [](auto& v) { v.final = true; },
           [](auto& v) { ++v.min_duration; },
           [](auto& v) { v.resources.emplace(); },
           [](auto& v) { v.on_yield.emplace(); },
           [](auto& v) { v.time = 1; },
           [](auto& v) { v.logger.emplace(); },
           [](auto& v) { ++v.max_kills; },
           [](auto& v) { v.needs.entries.emplace_back("x", Condition::End); },
           [](auto& v) { v.uses.entries.emplace_back("x", 1); },
           [](auto& v) { v.backoff.emplace(); },
           [](auto& v) { v.timeout = 1; },
           [](auto& v) { v.argv.emplace_back("x"); },
           [](auto& v) { v.env.entries.emplace_back("x", "y"); },
           [](auto& v) { v.cwd = "x"; },
           [](auto& v) { v.input = "x"; },
           [](auto& v) { v.success_codes.push_back(1); },
           [](auto& v) { v.outputs.emplace_back("x"); },
           [](auto& v) { v.needs_files.emplace_back("x"); },
           [](auto& v) { v.makes_files.emplace_back("x"); },
           [](auto& v) { v.on = "x"; },
           [](auto& v) { v.stop_signal.number = 1; },
           [](auto& v) { v.stop_wait = 1; },
           [](auto& v) { v.ready.emplace(); },
           [](auto& v) { v.healthy.emplace(); },
           [](auto& v) { v.notify = true; },
           [](auto& v) { v.watchdog = 1; },
           [](auto& v) { v.secret.entries.emplace_back("x", Secret()); },
           [](auto& v) { v.matrix.entries.emplace_back("x", "y"); },
           [](auto& v) { v.env_file.emplace_back("x"); },
           [](auto& v) { v.exclude.emplace_back(); }});
  expect_each_counts<Backoff>({}, {[](auto& v) { ++v.first; }, [](auto& v) { ++v.factor; },
                                   [](auto& v) { ++v.most; }, [](auto& v) { v.reset = 1; }});
  expect_each_counts<Asking>({}, {[](auto& v) { v.cmd = "x"; }, [](auto& v) { v.tcp = "x"; },
                                  [](auto& v) { v.unix_socket = "x"; },
                                  [](auto& v) { v.http = "x"; }, [](auto& v) { v.file = "x"; },
                                  [](auto& v) { v.log = "x"; }, [](auto& v) { v.notify = true; },
                                  [](auto& v) { ++v.interval; }, [](auto& v) { ++v.timeout; }});
  expect_each_counts<Ready>({}, {[](auto& v) { v.cmd = "x"; }, [](auto& v) { ++v.within; }});
  expect_each_counts<Healthy>({}, {[](auto& v) { v.cmd = "x"; }, [](auto& v) { ++v.failures; }});
  expect_each_counts<Secret>({}, {[](auto& v) { v.file = "x"; }, [](auto& v) { v.cmd = "x"; },
                                  [](auto& v) { v.root = true; }});
  expect_each_counts<HostPort>({}, {[](auto& v) { v.host = "x"; }, [](auto& v) { ++v.port; }});
  expect_each_counts<HttpUrl>({}, {[](auto& v) { ++v.to.port; }, [](auto& v) { v.authority = "x"; },
                                   [](auto& v) { v.target = "x"; }});
  expect_each_counts<Constraint>(
      {{"a", "b"}}, {[](auto& v) { v.order.back() = "c"; }, [](auto& v) { v.order.pop_back(); }});
  expect_each_counts<TaskConfig>(
      {},
      {[](auto& v) { v.name = "x"; }, [](auto& v) { v.processes.emplace_back(); },
       [](auto& v) { v.constraints.emplace_back(); }, [](auto& v) { v.resources.emplace(); },
       [](auto& v) { ++v.max_failures; }, [](auto& v) { ++v.max_concurrency; },
       [](auto& v) { ++v.finalization_wait; }, [](auto& v) { v.user = "x"; },
       [](auto& v) { v.keep_going = true; }, [](auto& v) { v.pools.entries.emplace_back("x", 1); },
       [](auto& v) { v.backoff.emplace(); }, [](auto& v) { v.env.entries.emplace_back("x", "y"); },
       [](auto& v) { v.cwd = "x"; }, [](auto& v) { v.secret.entries.emplace_back("x", Secret()); },
       [](auto& v) { v.env_file.emplace_back("x"); }, [](auto& v) { v.nodes.emplace(); }});
  expect_each_counts<Nodes>({}, {[](auto& v) { v.by = "x"; }, [](auto& v) { v.gone = "x"; }});
  expect_each_counts<Room>({}, {[](auto& v) { ++v.cpu; }, [](auto& v) { ++v.ram; }});
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
           [](auto& v) { v.chroot = true; }, [](auto& v) { ++v.keep_logs; },
           [](auto& v) { v.continues = "x"; }, [](auto& v) { v.trace_parent = "x"; }});
  expect_each_counts<TaskStatus>(
      {}, {[](auto& v) { v.state = TaskState::Lost; }, [](auto& v) { ++v.at.boot; },
           [](auto& v) { ++v.runner_pid; }, [](auto& v) { ++v.runner_uid; },
           [](auto& v) { ++v.boot.low; }, [](auto& v) { v.goal = TaskState::Lost; },
           [](auto& v) { ++v.deadline.boot; }, [](auto& v) { v.reason = "x"; },
           [](auto& v) { v.shortage = Shortage::Pids; }, [](auto& v) { v.shortage_over = true; }});
  expect_each_counts<ProcessStatus>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { ++v.seq; }, [](auto& v) { ++v.run; },
           [](auto& v) { v.state = ProcessState::Lost; },
           [](auto& v) { v.origin = Origin::Repaired; }, [](auto& v) { ++v.identity.pid; },
           [](auto& v) { ++v.boot.low; }, [](auto& v) { ++v.at.boot; },
           [](auto& v) { v.return_code = 0; }, [](auto& v) { v.reason = "x"; },
           [](auto& v) { ++v.failures; }, [](auto& v) { ++v.usage.user; }});
  expect_each_counts<Usage>(
      {}, {[](auto& v) { ++v.user; }, [](auto& v) { ++v.system; }, [](auto& v) { ++v.peak; }});
  expect_each_counts<UsageTotals>(
      {}, {[](auto& v) { ++v.user; }, [](auto& v) { ++v.system; }, [](auto& v) { ++v.peak; }});
  expect_each_counts<ProcessSummary>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { ++v.next_seq; },
           [](auto& v) { ++v.next_run; }, [](auto& v) { ++v.totals.lost; },
           [](auto& v) { v.first_failed = 0; }, [](auto& v) { ++v.last_end.boot; },
           [](auto& v) { ++v.boot.low; }, [](auto& v) { v.started = true; },
           [](auto& v) { v.was_ready = true; }, [](auto& v) { ++v.totals.ordered; },
           [](auto& v) { ++v.forgiven.runs; }, [](auto& v) { ++v.forgiven.failed; },
           [](auto& v) { ++v.forgiven.killed; }, [](auto& v) { ++v.forgiven.success; },
           [](auto& v) { ++v.redefined; }, [](auto& v) { ++v.failures; },
           [](auto& v) { ++v.used.user; }});
  expect_each_counts<ProcessReport>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { ++v.run; }, [](auto& v) { ++v.at.boot; },
           [](auto& v) { v.text = "x"; }, [](auto& v) { v.kind = ReportKind::Status; },
           [](auto& v) { ++v.until; }});
  expect_each_counts<ProcessOrder>(
      {}, {[](auto& v) { v.process = "x"; }, [](auto& v) { v.verb = Verb::Stop; },
           [](auto& v) { ++v.at.boot; }, [](auto& v) { ++v.deadline.boot; },
           [](auto& v) { v.reason = "x"; }, [](auto& v) { v.revives = true; },
           [](auto& v) { v.redefines = true; }, [](auto& v) { v.yields = true; }});
  expect_each_counts<Leadership>(
      {}, {[](auto& v) { ++v.at.boot; }, [](auto& v) { ++v.boot.low; },
           [](auto& v) { v.hostname = "x"; }, [](auto& v) { v.engine = "x"; },
           [](auto& v) { v.job = "x"; }, [](auto& v) { ++v.restarts; }, [](auto& v) { ++v.until; },
           [](auto& v) { v.yields = true; }, [](auto& v) { v.decision = "x"; }});
  expect_each_counts<carry::FileFacts>({}, {[](auto& v) { ++v.size; }, [](auto& v) { ++v.mtime; },
                                            [](auto& v) { ++v.inode; }, [](auto& v) { ++v.mode; }});
  expect_each_counts<NodeChange>({},
                                 {[](auto& v) { v.node = "x"; }, [](auto& v) { v.gone = !v.gone; },
                                  [](auto& v) { ++v.at.boot; }, [](auto& v) { v.reason = "x"; }});
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
           [](auto& v) { ++v.waiting.boot; }, [](auto& v) { v.forked = Timestamp(); },
           [](auto& v) { v.started = Timestamp(); }, [](auto& v) { v.ready = Timestamp(); },
           [](auto& v) { ++v.refusals; }, [](auto& v) { v.stopped = Timestamp(); },
           [](auto& v) { ++v.usage.user; }, [](auto& v) { v.return_code = 0; },
           [](auto& v) { v.reason = "x"; }, [](auto& v) { v.node.get() = "x"; }});
  expect_each_counts<StopOrder>(
      {},
      {[](auto& v) { ++v.run; }, [](auto& v) { ++v.at.boot; }, [](auto& v) { ++v.deadline.boot; },
       [](auto& v) { v.failure = "x"; }, [](auto& v) { v.yields = true; }});
  expect_each_counts<Said>(
      {}, {[](auto& v) { v.status = "x"; }, [](auto& v) { v.status_at.emplace(); },
           [](auto& v) { v.stopping.emplace(); }, [](auto& v) { ++v.until; },
           [](auto& v) { v.extended_at.emplace(); }, [](auto& v) { v.ignored.emplace(); }});
  expect_each_counts<LaunchAdmission::Launch>(
      {}, {[](auto& v) { ++v.owner; }, [](auto& v) { ++v.process; }});
  expect_each_counts<RunsBefore>({}, {[](auto& v) { ++v.successes; }, [](auto& v) { ++v.failures; },
                                      [](auto& v) { ++v.kills; }, [](auto& v) { ++v.others; }});
  expect_each_counts<ExitCodes>({}, {[](auto& v) { v.add(1); }});
  expect_each_counts<ProcessHistory>(
      {}, {[](auto& v) { v.name = "x"; }, [](auto& v) { v.runs.emplace_back(); },
           [](auto& v) { ++v.totals.lost; }, [](auto& v) { ++v.used.peak; },
           [](auto& v) { ++v.next_seq; }, [](auto& v) { ++v.next_run; },
           [](auto& v) { v.first_failed = 0; }, [](auto& v) { v.last_end.emplace(); },
           [](auto& v) { ++v.last_boot.low; }, [](auto& v) { v.held = true; },
           [](auto& v) { v.ending.emplace(); }, [](auto& v) { v.immediate = 0; },
           [](auto& v) { v.started = true; }, [](auto& v) { v.was_ready = true; },
           [](auto& v) { ++v.forgiven.runs; }, [](auto& v) { ++v.redefined; },
           [](auto& v) { v.removed = true; }, [](auto& v) { ++v.failures_in_row; },
           [](auto& v) { v.said.get().status = "x"; }});
  expect_each_counts<TaskStep>(
      {}, {[](auto& v) { ++v.status.runner_pid; }, [](auto& v) { v.reason = "x"; }});
}

}  // namespace
}  // namespace thermos
