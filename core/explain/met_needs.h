// When the conditions that a process needs were met.
#pragma once

#include <optional>

#include "core/base/times.h"
#include "core/explain/situation.h"

namespace thermos {

// Returns the wall time at which the need was met, from its record; nothing if that is not kept.
std::optional<Microseconds> time_of(const Situation& situation, const Situation::Need& need);

// The need that was met last, and its wall time if that is kept.
struct LastMet {
  std::optional<Situation::Need> need;
  std::optional<Microseconds> at;
};
LastMet last_met(const Situation& situation, ProcessIndex p);

// Returns the wall time at which the task's stage began in which regular processes, or (`final`)
// finalizers run; nothing if it has not begun.
std::optional<Microseconds> stage_began(const History& history, bool final);

}  // namespace thermos
