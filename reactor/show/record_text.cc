#include "reactor/show/record_text.h"

#include <spdlog/fmt/fmt.h>

#include <string_view>
#include <utility>

#include "core/runner/fence.h"
#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

void add(std::string& line, std::string_view key, std::string_view value) {
  if (!value.empty()) line += fmt::format(" {}={}", key, printable(value));
}

std::string line_of(const RunnerHeader& header) {
  std::string line = fmt::format("{} header", timestamp_text(header.launch_time));
  add(line, "task_id", header.task_id);
  add(line, "sandbox", header.sandbox);
  add(line, "log_dir", header.log_dir);
  add(line, "hostname", header.hostname);
  add(line, "user", header.user);
  add(line, "uid", std::to_string(header.uid));
  for (const auto& [name, port] : header.ports) {
    add(line, "port", fmt::format("{}:{}", name, port));
  }
  if (header.chroot) line += " chroot";
  add(line, "continues", header.continues);
  return line;
}

std::string line_of(const TaskStatus& status) {
  std::string line =
      fmt::format("{} task {}", timestamp_text(status.at.wall), name_of(status.state));
  line += fmt::format(" runner_pid={} runner_uid={}", status.runner_pid, status.runner_uid);
  if (status.state != TaskState::Active && !is_terminal(status.state)) {
    add(line, "goal", name_of(status.goal));
    add(line, "deadline", timestamp_text(status.deadline.wall));
  }
  if (status.shortage != Shortage::None) {
    add(line, status.shortage_over ? "no_longer_short_of" : "short_of", name_of(status.shortage));
  }
  add(line, "reason", status.reason);
  return line;
}

std::string line_of(const ProcessStatus& status) {
  std::string line =
      fmt::format("{} process {} run={} seq={} {}", timestamp_text(status.at.wall),
                  printable(status.process), status.run, status.seq, name_of(status.state));
  if (status.identity.pid != 0) {
    line += fmt::format(" {}={}", status.state == ProcessState::Forked ? "coordinator_pid" : "pid",
                        status.identity.pid);
  }
  if (status.return_code) add(line, "return_code", std::to_string(*status.return_code));
  if (status.usage.known()) {
    add(line, "cpu_user", seconds_text(status.usage.user));
    add(line, "cpu_system", seconds_text(status.usage.system));
  }
  if (status.usage.peak > 0) add(line, "peak_memory", std::to_string(status.usage.peak));
  if (status.origin != Origin::Recorded) add(line, "origin", name_of(status.origin));
  add(line, "reason", status.reason);
  return line;
}

std::string line_of(const ProcessSummary& summary) {
  return fmt::format("{} summary {} next_run={} next_seq={} success={} failed={} killed={} lost={}",
                     timestamp_text(summary.last_end.wall), printable(summary.process),
                     summary.next_run, summary.next_seq, summary.totals.success,
                     summary.totals.failed, summary.totals.killed, summary.totals.lost);
}

std::string line_of(const ProcessOrder& order) {
  std::string line = fmt::format("{} order {} {}", timestamp_text(order.at.wall),
                                 name_of(order.verb), printable(order.process));
  if (order.verb != Verb::Start) add(line, "deadline", timestamp_text(order.deadline.wall));
  if (order.revives) add(line, "revives", "true");
  if (order.yields) add(line, "yields", "true");
  add(line, "reason", order.reason);
  return line;
}

std::string line_of(const ProcessReport& report) {
  std::string line = fmt::format("{} report {} run={} {}", timestamp_text(report.at.wall),
                                 printable(report.process), report.run, name_of(report.kind));
  add(line, "text", report.text);
  return line;
}

std::string line_of(const Replacement& replacement) {
  std::string line =
      fmt::format("{} replacement {}", timestamp_text(replacement.at.wall), replacement.generation);
  for (const auto& [key, names] :
       {std::pair("changed", &replacement.changed), std::pair("added", &replacement.added),
        std::pair("removed", &replacement.removed)}) {
    for (const std::string& name : *names) add(line, key, name);
  }
  add(line, "reason", replacement.reason);
  return line;
}

std::string line_of(const Leadership& place) {
  std::string line = fmt::format("{} {} on {}", timestamp_text(place.at.wall),
                                 place.yields ? "yields" : "leads", printable(place.hostname));
  add(line, "job", job_text(place));
  if (place.restarts != 0) add(line, "restarts", std::to_string(place.restarts));
  if (place.until != 0) add(line, "until", timestamp_text(place.until));
  add(line, "decision", place.decision);
  return line;
}

std::string line_of(const NodeChange& change) {
  std::string line = fmt::format("{} node {} {}", timestamp_text(change.at.wall),
                                 printable(change.node), change.gone ? "gone" : "back");
  add(line, "reason", change.reason);
  return line;
}

}  // namespace

std::string record_text(const Record& record) {
  return std::visit([](const auto& kind) { return line_of(kind); }, record);
}

std::string simple_record_text(const Record& record) {
  if (const auto* status = std::get_if<ProcessStatus>(&record)) {
    return fmt::format("{} {} {} {}", status->seq, name_of(status->state),
                       printable(status->process), status->run);
  }
  if (const auto* status = std::get_if<TaskStatus>(&record)) {
    return fmt::format("- {}", name_of(status->state));
  }
  return {};
}

}  // namespace thermos
