#include "reactor/commands/transcript_text.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string_view>

#include "core/record/paths.h"
#include "reactor/commands/text.h"

namespace thermos {
namespace {

constexpr std::size_t kStateWidth = 10;  // FINALIZING
constexpr std::size_t kMaxNameWidth = 32;
constexpr std::size_t kMaxFailuresShown = 10;
constexpr std::string_view kTaskColumn = "(task)";

std::string coloured(std::string_view text, std::string_view code, const LineStyle& style) {
  if (!style.colour || code.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

// The start of every line.
std::string opening(Microseconds wall, std::string_view who, const LineStyle& style) {
  return clock_text(wall) + "  " + pad_right(who, style.name_width) + "  ";
}

void append_part(std::string& line, std::string_view part) {
  if (part.empty()) return;
  line.append("  ").append(part);
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::size_t name_width_of(const TaskConfig& task) {
  std::size_t width = kTaskColumn.size();
  for (const ProcessConfig& process : task.processes) {
    if (width >= kMaxNameWidth) break;
    width = std::max(width, display_width(printable(process.name)));
  }
  return std::min(width, kMaxNameWidth);
}

std::string state_text(ProcessState state, const LineStyle& style, std::size_t width) {
  std::string_view code;
  switch (state) {
    case ProcessState::Success:
      code = "32";
      break;
    case ProcessState::Failed:
      code = "31";
      break;
    case ProcessState::Killed:
    case ProcessState::Lost:
      code = "33";
      break;
    case ProcessState::Running:
      code = "36";
      break;
    default:
      code = "2";
      break;
  }
  return coloured(pad_right(name_of(state), width), code, style);
}

std::string state_text(TaskState state, const LineStyle& style, std::size_t width) {
  std::string_view code = "1";
  if (state == TaskState::Success) code = "1;32";
  if (state == TaskState::Failed) code = "1;31";
  if (state == TaskState::Killed || state == TaskState::Lost) code = "1;33";
  return coloured(pad_right(name_of(state), width), code, style);
}

std::optional<Microseconds> run_duration(const Run& run) {
  if (!run.stopped) return std::nullopt;
  const std::optional<Timestamp>& begin = run.started ? run.started : run.forked;
  if (!begin) return std::nullopt;
  // The boot clock cannot be set, but it is valid only within one boot.
  const bool one_boot = run.origin != Origin::Reboot && run.stopped->boot >= begin->boot;
  const Microseconds took =
      one_boot ? run.stopped->boot - begin->boot : run.stopped->wall - begin->wall;
  return std::max<Microseconds>(took, 0);
}

std::string ending_text(const Run& run) {
  std::string text;
  if (run.return_code) text = return_code_text(*run.return_code);
  if (!run.reason.empty()) {
    if (!text.empty()) text += ", ";
    text += printable(run.reason);
  }
  return text;
}

std::string process_line(const ProcessStatus& status, const Run& run, const LineStyle& style) {
  std::string line = opening(status.at.wall, printable(status.process), style);
  line += pad_left(std::to_string(status.run), 2) + "  ";
  line += state_text(status.state, style, kStateWidth);
  switch (status.state) {
    case ProcessState::Waiting:
      break;
    case ProcessState::Forked:
      append_part(line, fmt::format("coordinator {}", status.identity.pid));
      break;
    case ProcessState::Running:
      append_part(line, fmt::format("pid {}", status.identity.pid));
      break;
    default:
      if (status.return_code) append_part(line, return_code_text(*status.return_code));
      if (const auto took = run_duration(run)) append_part(line, duration_text(*took));
      break;
  }
  append_part(line, printable(status.reason));
  if (status.origin == Origin::FoundAtResume) append_part(line, "(found at resume)");
  return trimmed(std::move(line));
}

std::string report_line(const ProcessReport& report, const LineStyle& style) {
  std::string line = opening(report.at.wall, printable(report.process), style);
  line += pad_left(std::to_string(report.run), 2) + "  ";
  line += coloured(pad_right(name_of(report.kind), kStateWidth), "36", style);
  append_part(line, printable(report.text));
  return trimmed(std::move(line));
}

std::string task_line(const TaskStatus& status, bool again, const LineStyle& style) {
  std::string line = opening(status.at.wall, kTaskColumn, style) + "    ";
  line += state_text(status.state, style, kStateWidth);
  if (again && status.state == TaskState::Active) {
    append_part(line, fmt::format("resumed by pid {}", status.runner_pid));
  }
  if (status.state == TaskState::Cleaning || status.state == TaskState::Finalizing) {
    append_part(line, fmt::format("to end {}", name_of(status.goal)));
  }
  append_part(line, printable(status.reason));
  return trimmed(std::move(line));
}

std::string header_line(const RunnerHeader& header, const LineStyle& style) {
  std::string line = opening(header.launch_time, kTaskColumn, style) + "    ";
  return line + printable(header.task_id) + " in " + printable(header.sandbox);
}

std::string outcome_text(const History& history, std::size_t processes, const LineStyle& style) {
  std::size_t succeeded = 0;
  std::size_t failed = 0;
  std::size_t stopped = 0;
  std::string failures;
  const TaskState state = history.state();
  const std::string log_dir = history.header() ? history.header()->log_dir : std::string();
  for (const ProcessHistory& process : history.processes()) {
    const Run* run = process.current();
    if (run == nullptr) continue;
    if (run->state == ProcessState::Success) ++succeeded;
    if (run->state == ProcessState::Killed || run->state == ProcessState::Lost) ++stopped;
    if (run->state != ProcessState::Failed) continue;
    if (++failed > kMaxFailuresShown || state != TaskState::Failed) continue;
    const std::string ending = ending_text(*run);
    failures += fmt::format("  {} {}, run {}{}{}\n    {}/stderr\n", printable(process.name),
                            state_text(run->state, style), run->number, ending.empty() ? "" : ": ",
                            ending, printable(run_log_dir(log_dir, process.name, run->number)));
  }
  if (state == TaskState::Failed && failed > kMaxFailuresShown) {
    failures += fmt::format("  and {} more\n", failed - kMaxFailuresShown);
  }

  const std::vector<TaskStep>& steps = history.steps();
  const Microseconds end = steps.empty() ? 0 : steps.back().status.at.wall;
  const Microseconds begin = history.header() ? history.header()->launch_time : end;
  const std::string id = history.header() ? printable(history.header()->task_id) : "task";
  std::string line =
      fmt::format("{}  {} {} in {}: {} done, {} failed", clock_text(end), id,
                  state_text(state, style), duration_text(end - begin), succeeded, failed);
  if (stopped > 0) line += fmt::format(", {} stopped", stopped);
  const std::size_t told = succeeded + failed + stopped;
  if (processes > told) line += fmt::format(", {} not run", processes - told);
  // The step that left ACTIVE has the reason; the last one has none.
  const auto why = std::find_if(steps.rbegin(), steps.rend(),
                                [](const TaskStep& step) { return !step.reason.empty(); });
  if (state != TaskState::Success && why != steps.rend()) {
    line += " (" + printable(why->reason) + ")";
  }
  if (!log_dir.empty()) line += "; logs in " + printable(log_dir);
  return failures + line + "\n";
}

std::string live_text(const Runner::Counts& counts, Timestamp now) {
  std::string text =
      fmt::format("{} running, {} done, {} failed", counts.running, counts.done, counts.failed);
  if (counts.waiting > 0) {
    text += fmt::format(", {} waiting", counts.waiting);
    if (counts.next_start && *counts.next_start > now.boot) {
      const Microseconds left = *counts.next_start - now.boot;
      text += fmt::format(" (next in {} s)", (left + kSecond - 1) / kSecond);
    }
  }
  if (counts.blocked > 0) text += fmt::format(", {} blocked", counts.blocked);
  return text;
}

std::optional<Microseconds> live_text_changes_at(const Runner::Counts& counts, Timestamp now) {
  if (counts.waiting == 0 || !counts.next_start || *counts.next_start <= now.boot) {
    return std::nullopt;
  }
  const Microseconds left = *counts.next_start - now.boot;
  const Microseconds over = left % kSecond;
  return now.boot + (over == 0 ? kSecond : over);
}

}  // namespace thermos
