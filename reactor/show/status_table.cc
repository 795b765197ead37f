#include "reactor/show/status_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "core/base/byte_size.h"
#include "core/explain/other_machine.h"
#include "core/runner/outlook.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/views/failures.h"

namespace thermos {
namespace {

constexpr std::size_t kState = 10;    // FINALIZING
constexpr std::size_t kSince = 10;    // 2024-01-31
constexpr std::size_t kTook = 7;      // 23h59m
constexpr std::size_t kDisk = 10;     // 1023.9 MiB
constexpr std::size_t kMaxId = 34;    // a name of 11 and the time; 11 of 80 columns are left
constexpr std::size_t kMaxName = 24;  // more if the reasons leave room
constexpr std::size_t kRuns = 5;
constexpr std::size_t kProcessState = 7;
constexpr std::size_t kExit = 5;
constexpr std::size_t kPid = 7;
constexpr std::size_t kNarrowName = 14;

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
  if (!view.history || !view.history->header()) return {};
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
  if (style.columns < kNarrow) {
    if (!id.empty()) text += id + "\n";
    text += "  " + state_column(view, style) + "  " +
            (begun ? since_text(*begun, style.now) : "-") + "  " + took_column(view, style);
    if (view.disk) text += "  " + byte_size_text(view.disk->total());
    end_line(text);
    return;
  }
  text += pad_right(id, id_width) + "  " + state_column(view, style) + "  " +
          pad_right(begun ? since_text(*begun, style.now) : "-", kSince) + "  " +
          pad_left(took_column(view, style), kTook) + "  ";
  std::size_t used = id_width + kState + kSince + kTook + 8;
  if (view.disk) {
    text += pad_left(byte_size_text(view.disk->total()), kDisk) + "  ";
    used += kDisk + 2;
  }
  const std::size_t room = rest(style.columns, used);
  // The end of a path is more useful than its start.
  text += cut_start(where(view), room);
  end_line(text);
}

std::string shortage_text(const History& history) {
  const TaskStep& shortage = *history.shortage();
  const auto& all = history.processes();
  const auto waiting = std::count_if(all.begin(), all.end(), [](const ProcessHistory& process) {
    return process.live() && process.current()->state == ProcessState::Waiting;
  });
  const std::string of = shortage.status.shortage == Shortage::Other
                             ? "something"
                             : std::string(name_of(shortage.status.shortage));
  return fmt::format("  short of {} since {}; {} {}: {}", of,
                     timestamp_text(shortage.status.at.wall), waiting,
                     waiting == 1 ? "launch waits" : "launches wait", printable(shortage.reason));
}

// What a person must know of the task beside its row, whole.
void add_remarks(std::string& text, const TaskView& view) {
  if (!view.root.empty()) text += "  root " + printable(view.root) + "\n";
  if (!view.error.empty()) text += "  " + printable(view.error) + "\n";
  const Leadership* place =
      view.history && view.history->leadership() ? &*view.history->leadership() : nullptr;
  if (place != nullptr && place->yields && !is_terminal(view.history->state())) {
    text += "  gave its machine back: " + printable(place->decision) + "\n";
  } else if (place != nullptr && !place->decision.empty()) {
    text += "  " + printable(place->decision) + "\n";
  }
  if (view.history && view.history->header() && !view.history->header()->continues.empty()) {
    text += fmt::format("  goes on from {}: {}\n", printable(view.history->header()->continues),
                        taken_over_text(*view.history));
  }
  if (view.history && view.history->shortage()) text += shortage_text(*view.history) + "\n";
  if (view.abandoned) {
    text += "  no runner: `thermos resume " + printable(view.entry.id) + "` goes on with it\n";
  }
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
    case Origin::NodeGone:
      return reason;
    case Origin::CoordinatorGone:
    case Origin::Reboot:
      // The runner's reason says the same in other words.
      return std::string(name_of(run.origin));
    case Origin::TakenOver:
      return "taken over from " + reason;
    default:
      return std::string(name_of(run.origin)) + (reason.empty() ? "" : ": " + reason);
  }
}

// The order in which processes are shown, and counted.
enum class Rank : std::uint8_t { Failed, Running, Again, Stopped, Done, Waiting };
constexpr std::array<std::string_view, 6> kRankNames = {"failed",  "running", "to retry",
                                                        "stopped", "done",    "not started"};

struct Row {
  const ProcessHistory* process = nullptr;
  Rank rank = Rank::Waiting;
  Outlook outlook;
};

Rank rank_of(const ProcessHistory& process, const Outlook& outlook) {
  const Run* run = process.current();
  const bool waits = run == nullptr || run->state == ProcessState::Waiting || !process.begun();
  if (waits) return Rank::Waiting;
  if (!is_terminal(run->state)) return Rank::Running;
  if (outlook.next_try) return Rank::Again;
  if (run->state == ProcessState::Failed || run->state == ProcessState::Lost) return Rank::Failed;
  return run->state == ProcessState::Success ? Rank::Done : Rank::Stopped;
}

// The rows in the order in which they are shown.
std::vector<Row> rows_of(const TaskView& view) {
  std::vector<Row> rows;
  if (!view.history) return rows;
  for (const ProcessHistory& process : view.history->processes()) {
    if (process.removed) continue;
    const auto outlook = view.outlooks.find(process.name);
    const Outlook known = outlook == view.outlooks.end() ? Outlook() : outlook->second;
    rows.push_back({&process, rank_of(process, known), known});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.rank < b.rank; });
  return rows;
}

// "1 failed, 3 running, 480 done"; `unknown` more have not started.
std::string counts_text(const std::vector<Row>& rows, std::size_t from, std::size_t unknown) {
  std::array<std::size_t, kRankNames.size()> counts{};
  for (std::size_t i = from; i < rows.size(); ++i) ++counts[static_cast<std::size_t>(rows[i].rank)];
  counts[static_cast<std::size_t>(Rank::Waiting)] += unknown;
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[i], kRankNames[i]);
  }
  return text;
}

// Returns the node of a run, for a task with nodes.
std::string place_note(const TaskView& view, const Run& run) {
  if (run.node) return "on " + printable(*run.node);
  const bool waits = run.state == ProcessState::Waiting && view.task && view.task->nodes;
  return waits ? "waits for a node" : "";
}

std::string note_but_place(const TaskView& view, const Row& row, const TableStyle& style) {
  const ProcessHistory& process = *row.process;
  const Outlook& outlook = row.outlook;
  const Run& run = *process.current();
  if (process.held) return is_terminal(run.state) ? "stopped by order" : "being stopped by order";
  if (!process.begun()) return "its definition was changed; it has not run since";
  std::string note;
  if (outlook.fatal) note = "FATAL";
  if (outlook.next_try) note = "BACKOFF until " + since_text(*outlook.next_try, style.now);
  if (goes_on_elsewhere(*view.history, run)) note = "on another machine";
  if (run.refusals > 0) note = fmt::format("not healthy: {} times in a row", run.refusals);
  if (process.said && !process.said->status.empty() && !is_terminal(run.state)) {
    note += (note.empty() ? "" : ": ") + printable(process.said->status);
  }
  std::string reason = why(run);
  if (run.return_code && is_terminal(run.state) && run.state != ProcessState::Success) {
    const std::string ending = style.columns < kNarrow ? return_code_text(*run.return_code)
                                                       : return_code_words(*run.return_code);
    // A recorded reason says more than the exit status.
    if (reason.empty() || style.columns < kNarrow) {
      reason = ending + (ending.empty() || reason.empty() ? "" : ", ") + reason;
    }
    if (style.columns < kNarrow && !note.empty()) return reason + ", " + note;
  }
  return note + (note.empty() || reason.empty() ? "" : ": ") + reason;
}

std::string note_of(const TaskView& view, const Row& row, const TableStyle& style) {
  const std::string place = place_note(view, *row.process->current());
  const std::string rest = note_but_place(view, row, style);
  return place + (place.empty() || rest.empty() ? "" : ": ") + rest;
}

void add_process(std::string& text, const TaskView& view, const Row& row, const TableStyle& style,
                 std::size_t name_width) {
  const ProcessHistory& process = *row.process;
  const Run* run = process.current();
  std::string name = printable(process.name);
  const bool narrow = style.columns < kNarrow;
  if (narrow) name = cut_middle(name, name_width);
  if (display_width(name) > name_width) {
    text += "  " + name + "\n";
    name.clear();
  }
  std::string note;
  std::string line = "  " + pad_right(name, name_width) + " ";
  if (!narrow) line += pad_left(std::to_string(process.next_run), kRuns) + " ";
  if (run == nullptr) {
    if (process.held) line += "stopped by order";
  } else {
    const bool live = !is_terminal(run->state);
    line += state_text(run->state, style.line, kProcessState, row.rank == Rank::Again) + " ";
    if (!narrow) {
      line +=
          pad_left(exit_column(*run), kExit) + " " +
          pad_left(live && run->process.pid != 0 ? std::to_string(run->process.pid) : "", kPid) +
          " ";
    }
    line += pad_left(duration_column(*run, style), kTook);
    note = note_of(view, row, style);
  }
  // A note that does not fit gets its own line, because the reason of a failure and the end of a
  // wait are what people look for.
  const std::string whole = line + " " + note;
  const bool fits = cut_line(whole, style.columns) == whole;
  text += fits ? whole : cut_line(line, style.columns);
  end_line(text);
  if (!fits) text += cut_line("    " + note, style.columns) + "\n";
}

// Adds the names of the processes without a row, because people want to know which processes wait
// for a failed one.
void add_not_started(std::string& text, const TaskView& view, const TableStyle& style) {
  if (view.not_started_names.empty()) return;
  std::string names;
  for (const std::string& name : view.not_started_names) {
    names += (names.empty() ? "" : ", ") + printable(name);
  }
  text += "  " + wrapped("not started: " + names, style.columns - 2, 4) + "\n";
}

void add_processes(std::string& text, const TaskView& view, const TableStyle& style) {
  std::vector<Row> rows = rows_of(view);
  const std::size_t known = rows.size();
  // Processes that are known only by name count as not started.
  const auto begun = static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [](const Row& row) { return row.process->current() != nullptr; }));
  const std::size_t all =
      std::max(view.task ? view.task->processes.size() : begun + view.not_started, known);
  if (all == 0) return;
  text += "  " +
          wrapped(fmt::format("{} process{}: {}", all, all == 1 ? "" : "es",
                              counts_text(rows, 0, all - known)) +
                      (view.time_left ? ", " + left_text(*view.time_left) : ""),
                  style.columns - 2, 4) +
          "\n";
  if (style.failed_only) {
    std::erase_if(rows, [](const Row& row) { return row.rank != Rank::Failed; });
  }
  std::size_t shown = rows.size();
  if (style.most != 0 && rows.size() > style.most) {
    // Processes that need no attention are only counted.
    const auto rest = std::find_if(rows.begin(), rows.end(),
                                   [](const Row& row) { return row.rank > Rank::Again; });
    shown = std::min(static_cast<std::size_t>(rest - rows.begin()), style.most);
  }
  if (rows.empty()) return;
  std::size_t name_width = 7;  // PROCESS
  std::size_t reason = 6;      // REASON
  for (std::size_t i = 0; i < shown; ++i) {
    name_width = std::max(name_width, display_width(printable(rows[i].process->name)));
    if (const Run* run = rows[i].process->current(); run != nullptr) {
      reason = std::max(reason, display_width(note_of(view, rows[i], style)));
    }
  }
  const bool narrow = style.columns < kNarrow;
  constexpr std::size_t kOthers =
      2 + 1 + kRuns + 1 + kProcessState + 1 + kExit + 1 + kPid + 1 + kTook + 1;
  const std::size_t room = style.columns > kOthers + reason ? style.columns - kOthers - reason : 0;
  name_width = std::min(name_width, narrow ? kNarrowName : std::max(kMaxName, room));
  std::string head = "  " + pad_right("PROCESS", name_width) + " ";
  if (!narrow) head += pad_left("RUNS", kRuns) + " ";
  head += pad_right("STATE", kProcessState) + " ";
  if (!narrow) head += pad_left("EXIT", kExit) + " " + pad_left("PID", kPid) + " ";
  if (shown > 0) text += cut_line(head + pad_left("TOOK", kTook) + " REASON", style.columns) + "\n";
  for (std::size_t i = 0; i < shown; ++i) add_process(text, view, rows[i], style, name_width);
  if (shown < rows.size()) {
    text += "  " +
            wrapped(fmt::format("and {}; --all shows them", counts_text(rows, shown, 0)),
                    style.columns - 2, 4) +
            "\n";
  }
}

std::string shares_text(const std::vector<PoolOutlook::Share>& shares) {
  std::string text;
  for (const PoolOutlook::Share& share : shares) {
    text += (text.empty() ? "" : ", ") + printable(share.process);
    if (share.amount > 1) text += " (" + std::to_string(share.amount) + ")";
  }
  return text.empty() ? "nobody" : text;
}

// "pool gpu: 2 of 2 used, by train (2); eval waits"
void add_pools(std::string& text, const TaskView& view, const TableStyle& style) {
  for (const PoolOutlook& pool : view.pools) {
    std::string line = "  pool " + printable(pool.pool) + ": ";
    line += pool.size ? fmt::format("{} of {} used, by ", pool.used(), *pool.size)
                      : "the daemon's; used by ";
    line += shares_text(pool.used_by);
    if (!pool.waiting.empty()) line += "; waiting: " + shares_text(pool.waiting);
    text += cut_line(line, style.columns) + "\n";
  }
}

// Adds the last lines that failed processes printed, for a task that failed because of them.
void add_failures(std::string& text, const TaskView& view, const TableStyle& style) {
  if (!view.history || !view.history->header()) return;
  // With --failed, the failures are shown whatever the task's state is.
  if (view.history->state() != TaskState::Failed && !style.failed_only) return;
  const std::vector<FailedRun> failures = failures_of(*view.history);
  if (failures.empty()) return;
  text += failures_text(failures, log_end_reader(*view.history->header(), view.recorded_by),
                        style.line);
}

std::string head_text(const std::vector<TaskView>& views) {
  std::map<std::string, std::size_t> counts;
  for (const TaskView& view : views) ++counts[state_name(view)];
  std::string text = fmt::format("{} tasks:", views.size());
  std::string_view between = " ";
  const auto add = [&](const std::string& state, std::string_view name) {
    const auto found = counts.find(state);
    if (found == counts.end()) return;
    text.append(between).append(std::to_string(found->second)).append(" ").append(name);
    between = ", ";
  };
  add("?", "unreadable");
  for (std::size_t i = 0; i < kTaskStates; ++i) {
    const auto state = static_cast<TaskState>((i + kTaskStates - 3) % kTaskStates);
    add(std::string(name_of(state)), name_of(state));
  }
  return text;
}

}  // namespace

bool has_failed(const TaskView& view) {
  if (!view.history) return true;
  const TaskState state = view.history->state();
  if (state == TaskState::Failed || state == TaskState::Lost) return true;
  const std::vector<Row> rows = rows_of(view);
  return !rows.empty() && rows.front().rank == Rank::Failed;
}

std::string status_table(const std::vector<TaskView>& views, const TableStyle& style) {
  if (views.empty()) return {};
  const std::size_t shown =
      style.most == 0 || views.size() <= style.most ? views.size() : style.most;
  std::size_t id_width = 4;  // TASK
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t width = display_width(printable(views[i].entry.id));
    if (width <= kMaxId) id_width = std::max(id_width, width);
  }
  std::string text;
  if (views.size() > 1) text += wrapped(head_text(views), style.columns, 2) + "\n";
  if (style.columns >= kNarrow) {
    text += pad_right("TASK", id_width) + "  " + pad_right("STATE", kState) + "  " +
            pad_right("SINCE", kSince) + "  " + pad_left("TOOK", kTook) + "  " +
            (views.front().disk ? pad_left("DISK", kDisk) + "  " : "") + "SANDBOX\n";
  }
  for (std::size_t i = 0; i < shown; ++i) {
    if (style.processes && i > 0) text += '\n';
    add_task(text, views[i], style, id_width);
    add_remarks(text, views[i]);
    if (!style.processes) continue;
    add_processes(text, views[i], style);
    if (!style.failed_only) add_not_started(text, views[i], style);
    add_pools(text, views[i], style);
    add_failures(text, views[i], style);
  }
  if (shown < views.size()) {
    text += fmt::format("and {} more; --all shows them\n", views.size() - shown);
  }
  return text;
}

}  // namespace thermos
