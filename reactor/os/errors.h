// Errors from an errno.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/record.h"

namespace thermos {

// Returns the C library's words for it, such as "No such file or directory".
std::string error_text(int error_number);

// Returns NotFound for ENOENT and ENOTDIR, NotPermitted for EACCES and EPERM, and System for all
// others.
ErrorCode code_of(int error_number);

// Returns an error with that code and cause, and the message "`what`: No such file or directory" or
// the like.
Error system_error(const std::string& what, int error_number);

// Whether an errno means a shortage that may be temporary: of descriptors, memory, buffers, locks,
// disk space, or an interrupted call.
bool may_pass(int error_number);
// Of what, for such an errno of a launch. EAGAIN is that of clone(2).
Shortage shortage_of(int error_number);

}  // namespace thermos
