// Creates the control socket of a daemon.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Creates a listening, non-blocking socket at `path`, and replaces that of a dead daemon. The
// socket gets its name when it listens and has its mode, so a client that waits for the name can
// connect. Its mode is 0660. If this program is root and the group `thermos` exists, the socket
// belongs to that group. Fails with Busy if a daemon listens there, Usage if the path is too long
// or is something else than a socket, or System.
Result<Descriptor> listen_at(const std::string& path);

// Returns whether listen_at(path) made the socket that is bound to `address` (getsockname(2)),
// which is the name that the socket had before it was renamed. Also true for a socket that was
// bound to `path` itself.
bool is_bound_for(const std::string& address, const std::string& path);

}  // namespace thermos
