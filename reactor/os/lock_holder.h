// Who holds a file's lock, by the kernel's own list.
#pragma once

#include <optional>
#include <string>

#include "core/record/record.h"

namespace thermos {

// The process that took the flock of `path`; nothing when nobody holds it, or when the holder is
// out of sight (another pid namespace, or a lock in a message that nobody has received).
std::optional<Identity> lock_holder(const std::string& path);

}  // namespace thermos
