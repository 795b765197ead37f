// Why a process does not run.
#pragma once

#include "core/explain/cause.h"
#include "core/explain/situation.h"

namespace thermos {

// Adds what the process waits for, from what holds it directly to what holds the last of those that
// it waits for. REQUIRES: situation.waits(p).
void add_wait(const Situation& situation, ProcessIndex p, Answer& answer);

}  // namespace thermos
