// The holder of a file's lock, from /proc/locks (proc(5)).
#pragma once

#include <optional>
#include <string>

#include "core/record/record.h"

namespace thermos {

// Returns the process that took the exclusive flock(2) of `path`. Returns nothing if no process
// holds it or if that process cannot be seen: it has ended and another one inherited the
// descriptor, it is in another pid namespace, or the descriptor is in a message that was not
// received yet.
std::optional<Identity> lock_holder(const std::string& path);
// The same for people: "pid 123 (thermos run ...)"; empty when nobody is found.
std::string name_lock_holder(const std::string& path);

}  // namespace thermos
