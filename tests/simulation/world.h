// One task's whole life in virtual time, by a script and with faults, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "script.h"

namespace thermos::sim {

struct Faults {
  std::vector<std::uint64_t> crash_at;  // numbers of effects, rising; the first effect is 1
  std::uint32_t power_cuts = 0;         // how many in a hundred crashes are power cuts
  std::uint64_t seed = 0;               // for what a crash takes with it
};

struct Outcome {
  std::optional<std::string> broken;  // the rule that was, and everything that led there
  TaskState state = TaskState::Active;
  std::uint64_t steps = 0;  // effects
  std::uint32_t crashes = 0;
  std::uint32_t power_cuts = 0;
  std::uint32_t stops = 0;    // of runners whose disk or streams failed
  std::uint64_t looks = 0;    // at what a timer alone told of
  std::uint32_t runs = 0;     // real processes started
  std::uint32_t repeats = 0;  // of those, beyond the first of a process
};

// Runs the script to its end. A breach is run again with a trace, which is then in `broken`.
Outcome run(const Script& script, const Faults& faults);

}  // namespace thermos::sim
