// How runs ended: by kind, and in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/explain/cause.h"
#include "core/record/history.h"

namespace thermos {

// Returns how a run ended: a kind from Success to Yield. REQUIRES: the run has ended.
CauseKind kind_of_end(const Run& run);

// Returns how a run ended, and why: "exit 3", "signal 9 (SIGKILL)". If `reason` is empty, an exit
// code that bash gives is explained in words. `printed`: the last lines of the run's output, as far
// as they are known.
std::string ending_words(std::optional<std::int32_t> return_code, std::string_view reason,
                         const std::vector<std::string>& printed);
// Returns what an exit status means where a number does not say it: "SIGKILL", "a command was
// not found"; "" for others.
std::string return_code_words(std::int32_t return_code);

// The last run of a process, if it FAILED.
struct FailedRun {
  std::string process;
  std::uint32_t run = 0;
  std::optional<std::int32_t> return_code;
  std::string reason;
};
// Returns the last runs of a task that FAILED, in the order of its processes. Leaves out processes
// that a replaced configuration removed or defined anew.
std::vector<FailedRun> failures_of(const History& history);

}  // namespace thermos
