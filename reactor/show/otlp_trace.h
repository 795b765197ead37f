// Writes a trace as OTLP, the OpenTelemetry Protocol, in its JSON encoding.
#pragma once

#include <string>

#include "core/explain/trace.h"

namespace thermos {

// Returns one ExportTraceServiceRequest, as a collector's /v1/traces takes it. `host` is the name
// of the machine that the task runs on.
std::string otlp_text(const Trace& trace, const std::string& host);

}  // namespace thermos
