#include "reactor/views/record_lines.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string_view>

#include "core/runner/fence.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/views/failures.h"

namespace thermos {
namespace {

constexpr std::size_t kStateWidth = 10;  // FINALIZING
constexpr std::size_t kMaxNameWidth = 32;
constexpr std::string_view kTaskColumn = "(task)";

// Returns the start of every line: the time and the name.
std::string opening(Microseconds wall, std::string_view who, const LineStyle& style) {
  const std::string name = style.cut_names ? cut_end(who, style.name_width) : std::string(who);
  return clock_text(wall) + "  " + pad_right(name, style.name_width) + "  ";
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

std::string coloured(std::string_view text, std::string_view code, const LineStyle& style) {
  if (!style.colour || code.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::size_t name_width_of(const TaskConfig& task) {
  std::size_t width = kTaskColumn.size();
  for (const ProcessConfig& process : task.processes) {
    if (width >= kMaxNameWidth) break;
    width = std::max(width, display_width(printable(process.name)));
  }
  return std::min(width, kMaxNameWidth);
}

std::string state_text(ProcessState state, const LineStyle& style, std::size_t width, bool again) {
  std::string_view code;
  switch (state) {
    case ProcessState::Success:
      code = "32";
      break;
    case ProcessState::Failed:
      code = again ? "33" : "31";
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

std::string process_line(const ProcessStatus& status, const Run& run, const LineStyle& style,
                         bool again) {
  std::string line = opening(status.at.wall, printable(status.process), style);
  line += pad_left(std::to_string(status.run), 2) + "  ";
  line += state_text(status.state, style, kStateWidth, again);
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
      if (status.return_code) {
        const bool failed = status.state == ProcessState::Failed && status.reason.empty();
        append_part(line, failed ? ending_words(status.return_code, {}, {})
                                 : return_code_text(*status.return_code));
      }
      if (const auto took = run_duration(run)) append_part(line, duration_text(*took));
      break;
  }
  append_part(line, status.origin == Origin::TakenOver
                        ? "taken over from " + printable(status.reason)
                        : printable(status.reason));
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

std::string replacement_line(const Replacement& replacement, const LineStyle& style) {
  std::string line = opening(replacement.at.wall, kTaskColumn, style) + "    ";
  line += coloured("its configuration was replaced", "36", style);
  append_part(line, fmt::format("{} changed, {} added, {} removed", replacement.changed.size(),
                                replacement.added.size(), replacement.removed.size()));
  append_part(line, printable(replacement.reason));
  return trimmed(std::move(line));
}

std::string leadership_line(const Leadership& place, const LineStyle& style) {
  std::string line = opening(place.at.wall, kTaskColumn, style) + "    ";
  line += coloured(place.yields ? "yields the machine: what runs is ended, and runs again"
                                : "led on " + printable(place.hostname),
                   "36", style);
  if (!place.yields) append_part(line, printable(job_text(place)));
  append_part(line, printable(place.decision));
  return trimmed(std::move(line));
}

std::string node_line(const NodeChange& change, const LineStyle& style) {
  std::string line = opening(change.at.wall, kTaskColumn, style) + "    ";
  line += coloured("node " + printable(change.node) + (change.gone ? " is gone" : " is back"),
                   change.gone ? "31" : "36", style);
  append_part(line, printable(change.reason));
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

std::string place_text(const RunnerHeader& header) {
  const std::string text = printable(header.task_id) + " in " + printable(header.sandbox);
  return header.continues.empty() ? text : text + ", goes on from " + printable(header.continues);
}

std::string taken_over_text(const History& history) {
  const auto& all = history.processes();
  const auto taken = std::count_if(all.begin(), all.end(), [](const ProcessHistory& process) {
    return process.current() != nullptr && !process.current()->taken_over_from().empty();
  });
  return fmt::format("{} taken over", taken);
}

std::string header_line(const RunnerHeader& header, const LineStyle& style) {
  std::string line = opening(header.launch_time, kTaskColumn, style) + "    ";
  return line + place_text(header);
}

namespace {

std::string next_text(const Next& next, std::size_t columns) {
  constexpr std::string_view kWord = "attempt ";
  std::string text = next.attempt;
  if (columns < kNarrow && text.starts_with(kWord)) text.erase(0, kWord.size());
  if (!next.again) return text;
  if (!text.empty()) text += ", ";
  if (!next.wait || *next.wait <= 0) return text + "next now";
  return text + fmt::format("next in {} s", (*next.wait + kSecond - 1) / kSecond);
}

}  // namespace

std::string bad_end_line(const ProcessStatus& status, const Run& run, const Next& next,
                         const LineStyle& style, std::size_t columns) {
  const std::string name = printable(status.process);
  const std::size_t room = columns < kNarrow ? columns * 3 / 10 : columns / 3;
  const std::size_t name_width = std::min(style.name_width, std::max<std::size_t>(room, 1));
  std::string front = columns < kNarrow
                          ? cut_middle(name, name_width) + " "
                          : clock_text(status.at.wall) + "  " +
                                pad_right(cut_middle(name, name_width), name_width) + "  ";
  const std::string ending = ending_words(status.return_code, {}, {});
  std::string state(name_of(status.state));
  std::string rest;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) rest += ", " + part;
  };
  // A narrow screen has no room for both the state and how the run ended.
  const bool ending_only = columns < kNarrow && next.again && !ending.empty();
  if (ending_only) {
    state = ending;
  } else if (columns < kNarrow) {
    add(ending);
  } else if (!ending.empty()) {
    rest = "  " + ending;
  }
  // What happens next is added first, because people wait for it and the end of the line may be cut
  // off.
  const auto fits = [&](const std::string& part, std::size_t least) {
    const std::size_t width = display_width(front) + display_width(state) + display_width(rest);
    return width + 2 + std::min(display_width(part), least) <= columns;
  };
  const std::string coming = next_text(next, columns);
  add(fits(coming, coming.size()) ? coming : next_text(next, kNarrow - 1));
  if (const auto took = run_duration(run)) {
    const std::string after = "after " + duration_text(*took);
    if (fits(after, after.size())) add(after);
  }
  constexpr std::size_t kLeastReason = 6;
  if (fits(printable(status.reason), kLeastReason)) add(printable(status.reason));
  const std::string_view code = status.state == ProcessState::Failed && !next.again ? "31" : "33";
  return cut_line(front + coloured(state, code, style) + rest, columns);
}

std::string outcome_line(const History& history, std::size_t processes, const LineStyle& style) {
  std::size_t succeeded = 0;
  std::size_t failed = 0;
  std::size_t stopped = 0;
  Microseconds last = 0;  // when the latest run ended
  const TaskState state = history.state();
  const std::string log_dir = history.header() ? history.header()->log_dir : std::string();
  for (const ProcessHistory& process : history.processes()) {
    const Run* run = process.current();
    if (run == nullptr || process.removed || !process.begun()) continue;
    if (run->stopped) last = std::max(last, run->stopped->wall);
    if (run->state == ProcessState::Success) ++succeeded;
    if (run->state == ProcessState::Failed) ++failed;
    if (run->state == ProcessState::Killed || run->state == ProcessState::Lost) ++stopped;
  }

  const std::vector<TaskStep>& steps = history.steps();
  const bool yields = !is_terminal(state) && history.leadership() && history.leadership()->yields;
  Microseconds end = steps.empty() ? 0 : steps.back().status.at.wall;
  if (yields) end = std::max(last, history.leadership()->at.wall);
  const Microseconds begin = history.header() ? history.header()->launch_time : end;
  Microseconds took = end - begin;
  // The wall clock may have been set meanwhile; the boot clock counts within one boot.
  if (!steps.empty() && steps.front().status.boot == steps.back().status.boot) {
    took = steps.back().status.at.boot - steps.front().status.at.boot;
  }
  const std::string id = history.header() ? printable(history.header()->task_id) : "task";
  std::string line = fmt::format("{}  {} ", clock_text(end), id);
  line += yields ? coloured("yields", "36", style)
                 : state_text(state, style) + " in " + duration_text(took);
  line += fmt::format(": {} done, {} failed", succeeded, failed);
  if (stopped > 0) line += fmt::format(", {} stopped", stopped);
  const std::size_t told = succeeded + failed + stopped;
  if (processes > told) line += fmt::format(", {} not run", processes - told);
  // The step that left ACTIVE has the reason; the last one has none.
  const auto why = std::find_if(steps.rbegin(), steps.rend(),
                                [](const TaskStep& step) { return !step.reason.empty(); });
  if (yields) {
    line += " (" + printable(history.leadership()->decision) + "); `thermos resume " + id +
            "` goes on with it";
  } else if (state != TaskState::Success && why != steps.rend()) {
    line += " (" + printable(why->reason) + ")";
  }
  if (!log_dir.empty()) line += "; logs in " + printable(log_dir);
  return line;
}

}  // namespace thermos
