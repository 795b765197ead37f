// The lines of the log, on standard error.
#pragma once

#include <string>

namespace thermos {

// What is logged may hold what strangers chose: a task's id, a pattern, a path. It is written as
// printable() has it, so each entry stays one line, in which no terminal and no journal finds
// anything to obey. `pattern` is spdlog's; %Q is the level as syslog has it.
void log_to_stderr(const std::string& name, const std::string& pattern);
// Another pattern for the same log.
void set_log_pattern(const std::string& pattern);

}  // namespace thermos
