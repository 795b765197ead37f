// The CPU time and memory that the processes of a run used.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/times.h"

namespace thermos {

// Covers all processes of a run's tree that were waited for, by their parents or by the coordinator
// (wait4(2)): the sum of their CPU times, and the peak resident memory of the largest one. A
// negative value is not known.
struct Usage {
  Microseconds user = -1;
  Microseconds system = -1;
  std::int64_t peak = -1;  // bytes
  bool known() const { return user >= 0 && system >= 0; }
  bool operator==(const Usage&) const = default;
};

// The sums of the CPU times of ended runs, and the largest of their peaks. Unknown values add
// nothing. The sums wrap around, so that what was added can be subtracted again, whatever values a
// file holds.
struct UsageTotals {
  std::uint64_t user = 0;    // microseconds
  std::uint64_t system = 0;  // microseconds
  std::uint64_t peak = 0;    // bytes
  void add(const Usage& usage);
  void add(const UsageTotals& others);
  // Whether any added value was known.
  bool known() const { return user != 0 || system != 0 || peak != 0; }
  bool operator==(const UsageTotals&) const = default;
};

// Returns "1.204s of CPU, 34 MiB at most"; "" if nothing is known.
std::string usage_text(const Usage& usage);

}  // namespace thermos
