// The servers of a task's nodes, which are all on this machine.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "task_run.h"

namespace thermos::real {

// The end of a command that starts the server of {node}, behind `more`.
std::string launcher(const std::string& more = "");
// The option that gives a task these nodes.
Words nodes(const std::string& names, const std::string& command = launcher());

// The servers that a leader has started, and those that earlier leaders have left to us.
std::vector<pid_t> servers(pid_t leader);

}  // namespace thermos::real
