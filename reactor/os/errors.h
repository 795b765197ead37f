// Errors from an errno.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/record.h"

namespace thermos {

// Returns the C library's text for an errno, such as "No such file or directory".
std::string error_text(int error_number);

// Returns NotFound for ENOENT and ENOTDIR, NotPermitted for EACCES and EPERM, and System for all
// others.
ErrorCode code_of(int error_number);

// Returns an error with that code and cause, and the message "`what`: No such file or directory" or
// the like.
Error system_error(const std::string& what, int error_number);

// Returns whether an errno may be temporary: a shortage of descriptors, memory, buffers, locks or
// disk space, a disk error, or an interrupted call.
bool may_pass(int error_number);
// Returns which resource was short when a launch failed with this errno. EAGAIN is taken to come
// from clone(2), so it means pids.
Shortage shortage_of(int error_number);

}  // namespace thermos
