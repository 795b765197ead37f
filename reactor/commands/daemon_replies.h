// Shared by the commands that may ask the daemon.
#pragma once

#include <string>

#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"

namespace thermos {

// The socket that THERMOS_SOCKET names, for commands that otherwise read files; empty: none.
std::string asked_socket();

// Prints each task when it ends, until the daemon sends `done`.
CommandOutcome print_ended(ControlClient& client);

// `thermos status` with the daemon's answer. `only` is "active", "finished" or empty.
CommandOutcome daemon_status(const std::string& socket, const Arguments& patterns,
                             const std::string& only, bool json);

}  // namespace thermos
