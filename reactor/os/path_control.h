// Finds the users whose directories or links are on a path. Root must not use its rights on a path
// that other users can redirect.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

#include "core/base/result.h"

namespace thermos {

// Returns the users other than root who own `path` itself or a directory or link on the way to it,
// because each of them can redirect the path. The walk ends at the first name that does not exist.
// Fails with NotPermitted if a group or everybody can write to a directory on the way, because
// there is then no single user to act as; a sticky directory above the end of the path is allowed.
// Fails with System otherwise.
Result<std::set<uid_t>> controllers_of(const std::string& path);

}  // namespace thermos
