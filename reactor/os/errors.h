// What an errno means to those who called.
#pragma once

#include <string>

#include "core/base/result.h"

namespace thermos {

// "`what`: No such file or directory". NotFound for ENOENT, NotPermitted for EACCES and EPERM, else
// System.
Error system_error(const std::string& what, int error_number);

// Whether an errno tells of a shortage or a fault of the machine that may pass: descriptors,
// memory, buffers, locks, room on a disk, an interrupted call.
bool may_pass(int error_number);

}  // namespace thermos
