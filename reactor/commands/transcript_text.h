// The lines that a task leaves on the screen while it runs. Pure: records and counts in, text out.
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

// The name column that fits a task's processes, within reason.
std::size_t name_width_of(const TaskConfig& task);

// "hello", or with a colour around it when the style has colours.
std::string state_text(ProcessState state, const LineStyle& style, std::size_t width = 0);
std::string state_text(TaskState state, const LineStyle& style, std::size_t width = 0);

// One transition, without newline: time, process, run, state, how it ended, how long it took, why.
// `run` is the run that the record belongs to, the record applied.
std::string process_line(const ProcessStatus& status, const Run& run, const LineStyle& style);
// `again`: the task was in this state already.
std::string task_line(const TaskStatus& status, bool again, const LineStyle& style);
// Where a new task runs.
std::string header_line(const RunnerHeader& header, const LineStyle& style);

// From the start of the process to its end; nothing when it never started or hasn't ended.
std::optional<Microseconds> run_duration(const Run& run);

// "exit 3", "signal 9 (SIGKILL)", or empty; the reason behind it. For failures anywhere.
std::string ending_text(const Run& run);

// What a task came to, to be shown when it is over: a line for each failed process of a FAILED task
// (what it came to and where its stderr is), and the outcome last. Newlines included.
std::string outcome_text(const History& history, std::size_t processes, const LineStyle& style);

// "8 running, 100 done, 2 failed, 70 waiting (next in 3 s)".
std::string live_text(const Runner::Counts& counts, Timestamp now);
// When live_text() changes though nothing happens; nothing: never.
std::optional<Microseconds> live_text_changes_at(const Runner::Counts& counts, Timestamp now);

}  // namespace thermos
