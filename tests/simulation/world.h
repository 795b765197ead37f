// Runs one task from its beginning to its end in virtual time, with a script and faults, and
// reports the outcome.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "script.h"

namespace thermos::sim {

struct Faults {
  std::vector<std::uint64_t> crash_at;  // numbers of effects, ascending; the first effect is 1
  std::uint32_t power_cuts = 0;         // how many in a hundred crashes are power cuts
  std::uint64_t seed = 0;               // decides what a crash loses
};

struct Outcome {
  std::optional<std::string> broken;  // the broken rule, and the trace that led there
  TaskState state = TaskState::Active;
  std::uint64_t steps = 0;  // effects
  std::uint32_t crashes = 0;
  std::uint32_t power_cuts = 0;
  std::uint32_t stops = 0;       // runners that stopped because their disk or streams failed
  std::uint64_t looks = 0;       // looks of links that only a timer caused
  std::uint32_t runs = 0;        // real processes started
  std::uint32_t repeats = 0;     // of those, the second and later ones of a process
  std::uint32_t revived = 0;     // processes that had failed for good and were started again
  std::uint32_t killed_off = 0;  // processes that were killed as often as they may be
  std::uint32_t yields = 0;      // runners that stood down
  std::uint32_t replaced = 0;    // configurations
  std::uint64_t explained = 0;   // moments of which every process was asked why
};

// Runs the script to its end. A run that breaks a rule is repeated with a trace, which is then in
// `broken`.
Outcome run(const Script& script, const Faults& faults);

}  // namespace thermos::sim
