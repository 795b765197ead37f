// Creates the control socket of a daemon.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Creates a listening, non-blocking socket at `path`, in place of a dead daemon's. It gets its name
// once it listens and its mode is right: who waits for the name to appear can connect. Its mode is
// 0660; root's belongs to the group `thermos` if that exists. Fails with Busy if a daemon listens
// there, Usage if the path is too long or something else than a socket is there, or System.
Result<Descriptor> listen_at(const std::string& path);

// Whether listen_at(path) has made the socket that is bound to `address` (getsockname(2)): a socket
// that is renamed keeps the address that it had first. Or an earlier version has, at `path` itself.
bool is_bound_for(const std::string& address, const std::string& path);

}  // namespace thermos
