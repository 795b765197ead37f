// Errors from an errno.
#pragma once

#include <string>

#include "core/base/result.h"

namespace thermos {

// Returns an error with the message "`what`: No such file or directory" or the like. Its code is
// NotFound for ENOENT, NotPermitted for EACCES and EPERM, and System for all others.
Error system_error(const std::string& what, int error_number);

// Whether an errno means a shortage that may be temporary: of descriptors, memory, buffers, locks,
// disk space, or an interrupted call.
bool may_pass(int error_number);

}  // namespace thermos
