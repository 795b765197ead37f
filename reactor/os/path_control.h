// Whose directories a path leads through. Root must not lend its rights to a path that others can
// lead elsewhere.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

#include "core/base/result.h"

namespace thermos {

// The users other than root who own a directory, or a link, on the way to `path`, or `path` itself:
// each of them can lead it elsewhere. What does not exist is led nowhere, and ends the way. Fails
// with NotPermitted if a directory on the way can be changed by a group, or by all, which is nobody
// to act as; System.
Result<std::set<uid_t>> controllers_of(const std::string& path);

}  // namespace thermos
