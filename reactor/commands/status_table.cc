#include "reactor/commands/status_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/runner/outlook.h"
#include "reactor/commands/text.h"

namespace thermos {
namespace {

constexpr std::size_t kState = 10;  // FINALIZING
constexpr std::size_t kSince = 10;  // 2024-01-31
constexpr std::size_t kTook = 7;    // 23h59m
constexpr std::size_t kMaxId = 34;  // a name of 11 and the time; 11 of 80 columns are left
constexpr std::size_t kMaxName = 24;
constexpr std::size_t kRuns = 5;
constexpr std::size_t kProcessState = 7;
constexpr std::size_t kExit = 5;
constexpr std::size_t kPid = 7;

void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

std::size_t rest(std::size_t columns, std::size_t used) {
  constexpr std::size_t kLeast = 10;
  return columns > used + kLeast ? columns - used : kLeast;
}

std::string state_column(const TaskView& view, const TableStyle& style) {
  if (!view.history) return pad_right("?", kState);
  return state_text(view.history->state(), style.line, kState);
}

// How long the task has been running, or ran.
std::string took_column(const TaskView& view, const TableStyle& style) {
  const std::optional<Microseconds> begin = launched(view);
  if (!begin) return {};
  const bool over = is_terminal(view.history->state());
  const Microseconds end = over ? since(view).value_or(*begin) : style.now;
  return duration_text(end - *begin);
}

std::string where(const TaskView& view) {
  if (!view.error.empty()) return printable(view.error);
  if (!view.history->header()) return {};
  return printable(view.history->header()->sandbox);
}

void add_task(std::string& text, const TaskView& view, const TableStyle& style,
              std::size_t id_width) {
  std::string id = printable(view.entry.id);
  if (display_width(id) > id_width) {
    text += id + "\n";
    id.clear();
  }
  const std::optional<Microseconds> begun = since(view);
  text += pad_right(id, id_width) + "  " + state_column(view, style) + "  " +
          pad_right(begun ? since_text(*begun, style.now) : "-", kSince) + "  " +
          pad_left(took_column(view, style), kTook) + "  ";
  const std::size_t room = rest(style.columns, id_width + kState + kSince + kTook + 8);
  // The end of a path is more useful than its start; for an error it is the start.
  text += view.error.empty() ? cut_start(where(view), room) : cut_end(where(view), room);
  end_line(text);
}

std::string exit_column(const Run& run) {
  if (!run.return_code) return "";
  return std::to_string(*run.return_code);
}

std::string duration_column(const Run& run, const TableStyle& style) {
  if (const auto took = run_duration(run)) return duration_text(*took);
  if (is_terminal(run.state)) return {};
  const std::optional<Timestamp>& begin = run.started ? run.started : run.forked;
  return begin ? duration_text(style.now - begin->wall) : std::string();
}

std::string why(const Run& run) {
  std::string reason = printable(run.reason);
  switch (run.origin) {
    case Origin::Recorded:
    case Origin::EndedByRunner:
      return reason;
    case Origin::CoordinatorGone:
    case Origin::Reboot:
      // The runner's reason says the same in other words.
      return std::string(name_of(run.origin));
    default:
      return std::string(name_of(run.origin)) + (reason.empty() ? "" : ": " + reason);
  }
}

// What comes of each process of the task's history that does not run.
std::vector<Outlook> outlooks_of(const TaskView& view, Microseconds now) {
  std::vector<Outlook> outlooks(view.history->processes().size());
  if (!view.task || view.history->state() != TaskState::Active) return outlooks;
  for (ProcessIndex p = 0; p < view.task->processes.size(); ++p) {
    const auto found = view.history->find(view.task->processes[p].name);
    if (!found) continue;
    outlooks[*found] = outlook_of(*view.task, p, view.history->process(*found), now);
  }
  return outlooks;
}

std::string note_of(const ProcessHistory& process, const Outlook& outlook,
                    const TableStyle& style) {
  const Run& run = *process.current();
  if (process.held) return is_terminal(run.state) ? "stopped by order" : "being stopped by order";
  std::string note;
  if (outlook.fatal) note = "FATAL";
  if (outlook.next_try) note = "BACKOFF until " + since_text(*outlook.next_try, style.now);
  if (run.refusals > 0) note = fmt::format("not healthy: {} times in a row", run.refusals);
  if (process.said && !process.said->status.empty() && !is_terminal(run.state)) {
    note += (note.empty() ? "" : ": ") + printable(process.said->status);
  }
  const std::string reason = why(run);
  return note + (note.empty() || reason.empty() ? "" : ": ") + reason;
}

void add_process(std::string& text, const ProcessHistory& process, const Outlook& outlook,
                 const TableStyle& style, std::size_t name_width) {
  const Run* run = process.current();
  std::string name = printable(process.name);
  if (display_width(name) > name_width) {
    text += "  " + name + "\n";
    name.clear();
  }
  text += "  " + pad_right(name, name_width) + " " +
          pad_left(std::to_string(process.next_run), kRuns) + " ";
  if (run == nullptr) {
    if (process.held) text += "stopped by order";
    end_line(text);
    return;
  }
  const bool live = !is_terminal(run->state);
  text += state_text(run->state, style.line, kProcessState) + " " +
          pad_left(exit_column(*run), kExit) + " " +
          pad_left(live && run->process.pid != 0 ? std::to_string(run->process.pid) : "", kPid) +
          " " + pad_left(duration_column(*run, style), kTook) + " ";
  const std::size_t used = 2 + name_width + kRuns + kProcessState + kExit + kPid + kTook + 6;
  text += cut_end(note_of(process, outlook, style), rest(style.columns, used));
  end_line(text);
}

void add_processes(std::string& text, const TaskView& view, const TableStyle& style) {
  if (!view.history || view.history->processes().empty()) return;
  const std::vector<ProcessHistory>& all = view.history->processes();
  const std::size_t shown =
      style.max_processes == 0 ? all.size() : std::min(all.size(), style.max_processes);
  std::size_t name_width = 7;  // PROCESS
  for (std::size_t i = 0; i < shown; ++i) {
    name_width = std::max(name_width, display_width(printable(all[i].name)));
  }
  name_width = std::min(name_width, kMaxName);
  text += "  " + pad_right("PROCESS", name_width) + " " + pad_left("RUNS", kRuns) + " " +
          pad_right("STATE", kProcessState) + " " + pad_left("EXIT", kExit) + " " +
          pad_left("PID", kPid) + " " + pad_left("TOOK", kTook) + " REASON\n";
  const std::vector<Outlook> outlooks = outlooks_of(view, style.now);
  for (std::size_t i = 0; i < shown; ++i) {
    add_process(text, all[i], outlooks[i], style, name_width);
  }
  if (shown < all.size()) {
    text += fmt::format("  and {} more: `thermos status {}` shows all\n", all.size() - shown,
                        printable(view.entry.id));
  }
}

}  // namespace

std::string status_table(const std::vector<TaskView>& views, const TableStyle& style) {
  if (views.empty()) return {};
  std::size_t id_width = 4;  // TASK
  for (const TaskView& view : views) {
    const std::size_t width = display_width(printable(view.entry.id));
    if (width <= kMaxId) id_width = std::max(id_width, width);
  }
  std::string text = pad_right("TASK", id_width) + "  " + pad_right("STATE", kState) + "  " +
                     pad_right("SINCE", kSince) + "  " + pad_left("TOOK", kTook) + "  SANDBOX\n";
  bool first = true;
  for (const TaskView& view : views) {
    if (style.processes && !first) text += '\n';
    first = false;
    add_task(text, view, style, id_width);
    if (style.processes) add_processes(text, view, style);
  }
  return text;
}

}  // namespace thermos
