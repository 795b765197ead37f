// The lines in which records and counts are told: by `run`, and in parts by why, status and plan.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/record/history.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

// Columns. On fewer, some of what is told is left out.
inline constexpr std::size_t kNarrow = 60;

struct LineStyle {
  bool colour = false;
  std::size_t name_width = 12;  // columns for process names
  bool cut_names = false;       // to that width; else a longer name is printed whole
};

// Returns `text` in a colour (an SGR code such as "31") if the style has colours.
std::string coloured(std::string_view text, std::string_view code, const LineStyle& style);

// Returns a width for the name column that fits the task's process names, up to a limit.
std::size_t name_width_of(const TaskConfig& task);

// Returns the state's name, padded to `width`, with a colour if the style has colours: red where
// it failed for good, and not where it is tried `again`.
std::string state_text(ProcessState state, const LineStyle& style, std::size_t width = 0,
                       bool again = false);
std::string state_text(TaskState state, const LineStyle& style, std::size_t width = 0);

// Returns the line of one transition, without a newline: time, process, run, state, how it ended,
// how long it took, and why. `run` is the record's run after the record was applied.
// `again`: another run follows.
std::string process_line(const ProcessStatus& status, const Run& run, const LineStyle& style,
                         bool again = false);
// The line of what became known of a run: time, process, run, what, and who said so.
std::string report_line(const ProcessReport& report, const LineStyle& style);
std::string replacement_line(const Replacement& replacement, const LineStyle& style);
std::string leadership_line(const Leadership& place, const LineStyle& style);
std::string node_line(const NodeChange& change, const LineStyle& style);
// `again`: the task was already in this state.
std::string task_line(const TaskStatus& status, bool again, const LineStyle& style);
// "TASK_ID in SANDBOX", and the line that tells where a new task runs.
std::string place_text(const RunnerHeader& header);
std::string header_line(const RunnerHeader& header, const LineStyle& style);
// Of a task that goes on from another one: "45 taken over".
std::string taken_over_text(const History& history);

// Returns the time from the start of the process to its end; nothing if it did not start or end.
std::optional<Microseconds> run_duration(const Run& run);

// What is to become of a process whose run has ended.
struct Next {
  bool again = false;                // it runs again
  std::optional<Microseconds> wait;  // in so long; nothing: as soon as it can
  std::string attempt;               // as attempt_text(), of the run that ended
};

// Returns the line of a run that ended badly, without a newline and no wider than `columns`: when,
// who, how it ended, how long it took, and what comes next. Only what failed for good is red.
std::string bad_end_line(const ProcessStatus& status, const Run& run, const Next& next,
                         const LineStyle& style, std::size_t columns);

// Returns the outcome of an ended task, a line without a newline: how long it took, and what its
// processes came to.
std::string outcome_line(const History& history, std::size_t processes, const LineStyle& style);

}  // namespace thermos
