// Ports for the servers that a test starts.
#pragma once

#include "task_run.h"

namespace thermos::real {

// Ports that nobody listened on a moment ago, as -P options: {"-P", "NAME:PORT", ...}.
Words free_ports(const Words& names);

}  // namespace thermos::real
