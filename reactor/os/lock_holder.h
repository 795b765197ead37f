// The holder of a file's lock, from /proc/locks (proc(5)).
#pragma once

#include <optional>
#include <string>

#include "core/record/record.h"

namespace thermos {

// Returns the process that took the exclusive flock(2) of `path`. Returns nothing if the lock is
// free or if its holder cannot be seen: the process that took the lock has ended and another one
// inherited the descriptor, the holder is in another pid namespace, or the descriptor is in a
// message that was not received yet.
std::optional<Identity> lock_holder(const std::string& path);
// Describes the lock's holder for people: "pid 123 (thermos run ...)". Returns an empty string if
// lock_holder() finds none.
std::string name_lock_holder(const std::string& path);

}  // namespace thermos
