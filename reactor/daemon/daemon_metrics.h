// The daemon's counters as metrics.
#pragma once

#include <string>

#include "reactor/os/counters.h"

namespace thermos {

// Returns the metric families of METRICS.md whose source is the daemon, in Prometheus' text format.
std::string daemon_metrics(const Counters& counters);

}  // namespace thermos
