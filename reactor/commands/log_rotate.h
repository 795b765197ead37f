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
// logger says that, or has a policy, keeps it.
void rotate_logs(TaskConfig& task, const RotatePolicy& policy);

// Whether the output of some process goes to the console.
bool uses_console(const TaskConfig& task);

}  // namespace thermos
