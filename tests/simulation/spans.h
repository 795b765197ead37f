// What `trace` makes of a task at a moment, checked by the history alone. A span that is wrong is
// thrown as Broken.
#pragma once

#include "core/explain/situation.h"

namespace thermos::sim {

// Each run on record is a span within its process's, which lies within the task's; those of one
// process do not overlap; and what goes on is open.
void check_spans(const Situation& situation);

}  // namespace thermos::sim
