// Why a task is as it is.
#pragma once

#include "core/explain/cause.h"
#include "core/explain/situation.h"

namespace thermos {

// Adds why the task left ACTIVE, and what failed first if that is why. REQUIRES: it has.
void add_task_end(const Situation& situation, Answer& answer);

// Answers for the task as a whole.
Answer why_task(const Situation& situation);

// Nobody leads the task, or it was given up for now: nothing of it starts. Adds nothing where that
// is not so, or not known.
void add_leader(const Situation& situation, Answer& answer);

}  // namespace thermos
