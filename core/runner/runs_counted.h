// How the runs of a process before its current one count towards its limits.
#pragma once

#include <cstdint>

#include "core/record/history.h"

namespace thermos {

struct RunsBefore {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;  // towards max_failures
  std::uint64_t kills = 0;     // towards max_kills
  std::uint64_t others = 0;    // towards nothing
  bool operator==(const RunsBefore&) const = default;
};
// REQUIRES: there is a current run.
RunsBefore runs_before_current(const ProcessHistory& process);

}  // namespace thermos
