// What failed in a task, in words, with the last lines that it printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/history.h"
#include "reactor/commands/log_end.h"
#include "reactor/commands/transcript_text.h"

namespace thermos {

// The last run of a process, which FAILED.
struct FailedRun {
  std::string process;
  std::uint32_t run = 0;
  std::optional<std::int32_t> return_code;
  std::string reason;
};

// All of a task, in the order of its processes.
std::vector<FailedRun> failures_of(const History& history);

// Returns how a run ended: "exit 3", "signal 9 (SIGKILL)", and why. Where nobody gave a reason, an
// exit code that bash gives is said in words. `printed`: the last lines of its output, as far as
// they are known.
std::string ending_words(std::optional<std::int32_t> return_code, std::string_view reason,
                         const std::vector<std::string>& printed);

// Returns what an exit status means where a number does not say it: "SIGKILL", "a command was
// not found"; "" for others.
std::string return_code_words(std::int32_t return_code);

// Gives the last lines of a run's output.
using ReadEnd = std::function<LogEnd(const std::string& process, std::uint32_t run)>;
// The reader of the logs of the task with this header, whose checkpoint is owned by `recorded_by`.
ReadEnd log_end_reader(const RunnerHeader& header, std::uint32_t recorded_by);

// Returns the lines that tell of failures, each with a newline: the first with what they printed,
// some more with the path of their stderr, and how many more there are; "" if nothing failed.
std::string failures_text(const std::vector<FailedRun>& failures, const ReadEnd& read_end,
                          const LineStyle& style);

}  // namespace thermos
