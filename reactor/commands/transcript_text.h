// The lines that `thermos run` prints, made from records and counts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/record/history.h"
#include "core/record/record.h"
#include "core/runner/runner.h"
#include "core/task/task.h"

namespace thermos {

struct LineStyle {
  bool colour = false;
  std::size_t name_width = 12;  // columns for process names
};

// Returns a width for the name column that fits the task's process names, up to a limit.
std::size_t name_width_of(const TaskConfig& task);

// Returns the state's name, padded to `width`, with a colour if the style has colours.
std::string state_text(ProcessState state, const LineStyle& style, std::size_t width = 0);
std::string state_text(TaskState state, const LineStyle& style, std::size_t width = 0);

// Returns the line of one transition, without a newline: time, process, run, state, how it ended,
// how long it took, and why. `run` is the record's run after the record was applied.
std::string process_line(const ProcessStatus& status, const Run& run, const LineStyle& style);
// The line of what became known of a run: time, process, run, what, and who said so.
std::string report_line(const ProcessReport& report, const LineStyle& style);
// `again`: the task was already in this state.
std::string task_line(const TaskStatus& status, bool again, const LineStyle& style);
// The line that tells where a new task runs.
std::string header_line(const RunnerHeader& header, const LineStyle& style);

// Returns the time from the start of the process to its end; nothing if it did not start or end.
std::optional<Microseconds> run_duration(const Run& run);

// Returns how a run ended, "exit 3" or "signal 9 (SIGKILL)", and its reason; either may be missing.
std::string ending_text(const Run& run);

// Returns the summary of an ended task, with newlines: for a FAILED task, a line for each failed
// process with its end and the path of its stderr; then the outcome.
std::string outcome_text(const History& history, std::size_t processes, const LineStyle& style);

// "8 running, 100 done, 2 failed, 70 waiting (next in 3 s)".
std::string live_text(const Runner::Counts& counts, Timestamp now);
// Returns when live_text() changes by the passing of time alone; nothing if it does not.
std::optional<Microseconds> live_text_changes_at(const Runner::Counts& counts, Timestamp now);

}  // namespace thermos
