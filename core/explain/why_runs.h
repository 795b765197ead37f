// What a run under way is doing, and why it began.
#pragma once

#include "core/explain/cause.h"
#include "core/explain/situation.h"
#include "core/record/history.h"

namespace thermos {

// Adds that the run of `p` under way runs, is being launched, is not ready or not healthy, or was
// told to end. REQUIRES: standing().live(p).
void add_under_way(const Situation& situation, ProcessIndex p, Answer& answer);

// Adds why that run of `p` began when it did.
void add_beginning(const Situation& situation, ProcessIndex p, const Run& run, Answer& answer);

}  // namespace thermos
