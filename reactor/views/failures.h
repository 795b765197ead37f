// What failed in a task, in words, with the last lines that it printed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/explain/ending.h"
#include "reactor/views/log_end.h"
#include "reactor/views/record_lines.h"

namespace thermos {

// Gives the last lines of a run's output.
using ReadEnd = std::function<LogEnd(const std::string& process, std::uint32_t run)>;
// The reader of the logs of the task with this header, whose checkpoint is owned by `recorded_by`.
ReadEnd log_end_reader(const RunnerHeader& header, std::uint32_t recorded_by);

// Returns the lines that tell of failures, each with a newline: the first with what they printed,
// some more with the path of their stderr, and how many more there are; "" if nothing failed.
std::string failures_text(const std::vector<FailedRun>& failures, const ReadEnd& read_end,
                          const LineStyle& style);

}  // namespace thermos
