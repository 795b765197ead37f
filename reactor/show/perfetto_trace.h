// Writes a trace as Chrome's trace events, which https://ui.perfetto.dev opens.
#pragma once

#include <string>

#include "core/explain/trace.h"

namespace thermos {

// Returns one JSON object. `label` names the task, for people. Times are in microseconds since the
// epoch; the events are sorted by time, an enclosing event before those that it contains.
std::string perfetto_text(const Trace& trace, const std::string& label);

}  // namespace thermos
