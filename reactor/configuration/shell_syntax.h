// Finds syntax errors in command lines with bash before anything runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

struct SyntaxFault {
  std::string path;  // "processes[3].cmdline"
  std::string what;  // the message of bash
};

// Has bash parse the task's command lines without running them (bash -n): all of them together, and
// one by one only if bash finds a fault. Returns at most `most` faults, in the order of the
// processes. Finds nothing if bash can't be started.
std::vector<SyntaxFault> find_syntax_faults(const TaskConfig& task, std::size_t most);

}  // namespace thermos
