// What the processes of a run used of the machine.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/times.h"

namespace thermos {

// Of all processes of a run's tree that were waited for, by their parents or by the coordinator
// (wait4(2)): their CPU time together, and the resident memory of the largest one at its largest. A
// negative value is not known.
struct Usage {
  Microseconds user = -1;
  Microseconds system = -1;
  std::int64_t peak = -1;  // bytes
  bool known() const { return user >= 0 && system >= 0; }
  bool operator==(const Usage&) const = default;
};

// The sum of the times of ended runs, and the largest of their peaks. What is not known of a run
// counts nothing. The sums wrap around, so that what was added can be taken off again, whatever a
// file says.
struct UsageTotals {
  std::uint64_t user = 0;    // microseconds
  std::uint64_t system = 0;  // microseconds
  std::uint64_t peak = 0;    // bytes
  void add(const Usage& usage);
  void add(const UsageTotals& others);
  // Whether anything was known of what was added.
  bool known() const { return user != 0 || system != 0 || peak != 0; }
  bool operator==(const UsageTotals&) const = default;
};

// "1.204s of CPU, 34 MiB at most"; "" if nothing is known.
std::string usage_text(const Usage& usage);

}  // namespace thermos
