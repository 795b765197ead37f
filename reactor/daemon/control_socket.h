// The socket at which a daemon's clients find it.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// A listening socket at `path`, made anew: 0660, and root's belongs to the group thermos where
// there is one. It does not block. Busy when someone listens there; Usage when the path is too
// long.
Result<Descriptor> listen_at(const std::string& path);

}  // namespace thermos
