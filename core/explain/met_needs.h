// When what a process needs came about.
#pragma once

#include <optional>

#include "core/base/times.h"
#include "core/explain/situation.h"

namespace thermos {

// When what is needed came about: the wall time of the record; nothing if that is not kept.
std::optional<Microseconds> time_of(const Situation& situation, const Situation::Need& need);

// The need that came about last, and when.
struct LastMet {
  std::optional<Situation::Need> need;
  std::optional<Microseconds> at;
};
LastMet last_met(const Situation& situation, ProcessIndex p);

// When the stage of the task began in which regular processes or finalizers run; nothing: it has
// not.
std::optional<Microseconds> stage_began(const History& history, bool final);

}  // namespace thermos
