// Syntax errors of command lines, found by bash before anything runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

struct SyntaxFault {
  std::string path;  // "processes[3].cmdline"
  std::string what;  // bash's words
};

// Has bash parse the command lines of the task, and run none of them (bash -n): all of them
// together, and one by one only where something is wrong. Returns at most `most` faults, in the
// order of the processes. Finds nothing if bash can't be started.
std::vector<SyntaxFault> find_syntax_faults(const TaskConfig& task, std::size_t most);

}  // namespace thermos
