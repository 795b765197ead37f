// Why a process does not run.
#pragma once

#include "core/explain/cause.h"
#include "core/explain/situation.h"

namespace thermos {

// Adds what the process waits for: first what holds it directly, then what holds the process that
// it waits for, and so on to the last one. REQUIRES: situation.waits(p).
void add_wait(const Situation& situation, ProcessIndex p, Answer& answer);

}  // namespace thermos
