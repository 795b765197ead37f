// Why a run ended as it did.
#pragma once

#include "core/explain/cause.h"
#include "core/explain/situation.h"
#include "core/record/history.h"

namespace thermos {

// Adds how the run ended and what ended it, and says what a person can do about it. `run` is one of
// `process`'s. REQUIRES: it has ended.
void add_end(const Situation& situation, const ProcessHistory& process, const Run& run,
             Answer& answer);

// Returns only the first of these causes: how the run ended.
Cause end_cause(const ProcessHistory& process, const Run& run);

}  // namespace thermos
