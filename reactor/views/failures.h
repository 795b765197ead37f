// Describes the failed runs of a task in text, with the last lines that they printed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/explain/ending.h"
#include "reactor/views/log_end.h"
#include "reactor/views/record_lines.h"

namespace thermos {

// Returns the last lines of a run's output.
using ReadEnd = std::function<LogEnd(const std::string& process, std::uint32_t run)>;
// Returns a ReadEnd for the task with this header, whose checkpoint is owned by `recorded_by`.
ReadEnd log_end_reader(const RunnerHeader& header, std::uint32_t recorded_by);

// Returns the text that lists the failures, each line with a newline: the first few with the last
// lines that they printed, some more with only the path of their output, and the number of the
// rest. Returns "" if nothing failed.
std::string failures_text(const std::vector<FailedRun>& failures, const ReadEnd& read_end,
                          const LineStyle& style);

}  // namespace thermos
