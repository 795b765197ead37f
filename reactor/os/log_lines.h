// The log on standard error.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

// Sends the log to standard error. Log messages may contain text that other users chose: task ids,
// patterns, paths. The log escapes it with printable(), so each entry is one line without control
// characters for a terminal or the journal. `pattern` is spdlog's, with %Q for the syslog priority.
void log_to_stderr(const std::string& name, const std::string& pattern);
// Changes the pattern of the same log.
void set_log_pattern(const std::string& pattern);

// Fails with Usage if there is no such level of the log, and says which there are. spdlog takes an
// unknown name for `off`.
Status check_log_level(std::string_view level);
// REQUIRES: check_log_level(level)
void set_log_level(const std::string& level);

}  // namespace thermos
