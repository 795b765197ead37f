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

// What a run ended by, from Success to Yield. REQUIRES: it has ended.
CauseKind kind_of_end(const Run& run);

// Returns how a run ended: "exit 3", "signal 9 (SIGKILL)", and why. Where nobody gave a reason, an
// exit code that bash gives is said in words. `printed`: the last lines of its output, as far as
// they are known.
std::string ending_words(std::optional<std::int32_t> return_code, std::string_view reason,
                         const std::vector<std::string>& printed);
// Returns what an exit status means where a number does not say it: "SIGKILL", "a command was
// not found"; "" for others.
std::string return_code_words(std::int32_t return_code);

// The last run of a process, which FAILED.
struct FailedRun {
  std::string process;
  std::uint32_t run = 0;
  std::optional<std::int32_t> return_code;
  std::string reason;
};
// All of a task, in the order of its processes.
std::vector<FailedRun> failures_of(const History& history);

}  // namespace thermos
