// Errors from an errno.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/record/record.h"

namespace thermos {

// Returns the C library's text for an errno, such as "No such file or directory".
std::string error_text(int error_number);

// Returns NotFound for ENOENT and ENOTDIR, NotPermitted for EACCES and EPERM, and System for all
// others.
ErrorCode code_of(int error_number);
// The same for a path that a user named: Usage where no directory can have that name (ENOTDIR,
// ENAMETOOLONG, ELOOP), and NotPermitted also for EROFS.
ErrorCode code_of_named(int error_number);

// Returns an error with code_of() and that cause, and the message "`what`: No such file or
// directory; `consequence`" or the like, without the consequence if there is none.
Error system_error(const std::string& what, int error_number, std::string_view consequence = {});
// The same with a code of the caller's, who knows more than the errno says.
Error system_error(ErrorCode code, const std::string& what, int error_number,
                   std::string_view consequence = {});

// Returns whether an errno may be temporary: a shortage of descriptors, memory, buffers, locks or
// disk space, a disk error, or an interrupted call.
bool may_pass(int error_number);
// Returns which resource was short when a launch failed with this errno. EAGAIN is taken to come
// from clone(2), so it means pids.
Shortage shortage_of(int error_number);

}  // namespace thermos
