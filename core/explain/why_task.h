// Why a task is as it is.
#pragma once

#include "core/explain/cause.h"
#include "core/explain/situation.h"

namespace thermos {

// Adds why the task left ACTIVE, and what failed first if that is why. Adds nothing if it has not.
void add_task_end(const Situation& situation, Answer& answer);

// Answers for the task as a whole.
Answer why_task(const Situation& situation);

// Adds that nobody leads the task, or that it gave its machine back for now (a yield): then nothing
// of it starts. Adds nothing if neither is so, or if it is not known whether anybody leads.
void add_leader(const Situation& situation, Answer& answer);

}  // namespace thermos
