// --log-rotate SIZE[:BACKUPS]: rotation for a whole task.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/task/task.h"

namespace thermos {

// SIZE is a number of bytes, or of K, M, G or T (1024 each), as in "100M" or "5MB". Usage.
Result<RotatePolicy> parse_log_rotate(const std::string& text);

// Every process whose output goes to files that grow has them rotated; one that rotates them by a
// policy of its own keeps that.
void rotate_logs(TaskConfig& task, const RotatePolicy& policy);

// Does a process print to the console?
bool uses_console(const TaskConfig& task);

}  // namespace thermos
