// --log-rotate SIZE[:BACKUPS]: rotation for a whole task.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/task/task.h"

namespace thermos {

// Parses SIZE[:BACKUPS]. SIZE is a number of bytes, or of K, M, G or T (powers of 1024), as in
// "100M" or "5MB". Fails with Usage.
Result<RotatePolicy> parse_log_rotate(const std::string& text);

// Sets `policy` for every process whose output goes to files without rotation. A process whose own
// logger has the destination `file` or rotates keeps its logger.
void rotate_logs(TaskConfig& task, const RotatePolicy& policy);

// Return whether output goes to files, or to the console. For a task: whether that of any process
// goes there.
bool goes_to_files(const Logger& logger);
bool uses_console(const ProcessConfig& process);
bool uses_console(const TaskConfig& task);

}  // namespace thermos
