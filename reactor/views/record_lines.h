// The text of records and counts: the lines that `run` prints, and parts of the output of `why`,
// `status` and `plan`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/record/history.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

// Columns. On a narrower terminal, lines leave out some details.
inline constexpr std::size_t kNarrow = 60;

struct LineStyle {
  bool colour = false;
  std::size_t name_width = 12;  // columns for process names
  bool cut_names = false;       // cut names to name_width; else a longer name is printed whole
};

// Returns `text` in a colour (an SGR code such as "31") if the style has colours.
std::string coloured(std::string_view text, std::string_view code, const LineStyle& style);

// Returns a width for the name column that fits the task's process names, up to a limit.
std::size_t name_width_of(const TaskConfig& task);

// Returns the state's name, padded to `width`, with a colour if the style has colours. FAILED is
// red, or yellow if the process is tried `again`.
std::string state_text(ProcessState state, const LineStyle& style, std::size_t width = 0,
                       bool again = false);
std::string state_text(TaskState state, const LineStyle& style, std::size_t width = 0);

// Returns the line of one transition, without a newline: time, process, run, state, how it ended,
// how long it took, and the reason. `run` is the record's run after the record was applied. `again`
// means that another run follows.
std::string process_line(const ProcessStatus& status, const Run& run, const LineStyle& style,
                         bool again = false);
// Returns the line of a report about a run: time, process, run, kind of report, and its text.
std::string report_line(const ProcessReport& report, const LineStyle& style);
std::string replacement_line(const Replacement& replacement, const LineStyle& style);
std::string leadership_line(const Leadership& place, const LineStyle& style);
std::string node_line(const NodeChange& change, const LineStyle& style);
// `again` means that the task was already in this state.
std::string task_line(const TaskStatus& status, bool again, const LineStyle& style);
// place_text() returns "TASK_ID in SANDBOX"; header_line() returns the line with it for a new task.
std::string place_text(const RunnerHeader& header);
std::string header_line(const RunnerHeader& header, const LineStyle& style);
// Returns, for a task that continues another one, how many successes it took over: "45 taken over".
std::string taken_over_text(const History& history);

// Returns the time from the start of the process to its end; nothing if it did not start or end.
std::optional<Microseconds> run_duration(const Run& run);

// What happens next to a process whose run has ended.
struct Next {
  bool again = false;                // it runs again
  std::optional<Microseconds> wait;  // time until it runs again; nothing: as soon as possible
  std::string attempt;               // attempt_text() of the run that ended
};

// Returns the line of a run that ended badly, without a newline and no wider than `columns`: time,
// process, how it ended, how long it took, and what happens next. The line is red only if the
// process failed for good.
std::string bad_end_line(const ProcessStatus& status, const Run& run, const Next& next,
                         const LineStyle& style, std::size_t columns);

// Returns the outcome of an ended task as a line without a newline: its state, how long it took,
// and how many of its processes are done, failed, were stopped or did not run.
std::string outcome_line(const History& history, std::size_t processes, const LineStyle& style);

}  // namespace thermos
