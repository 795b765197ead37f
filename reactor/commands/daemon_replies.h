// What commands that may ask the daemon share.
#pragma once

#include <string>

#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"

namespace thermos {

// The daemon that THERMOS_SOCKET names, for commands that work on files otherwise; empty: none.
std::string asked_socket();

// Prints each task as it ends, until the daemon has nothing more to say.
CommandOutcome print_ended(ControlClient& client);

// `thermos status`, as the daemon tells it. `only`: "active", "finished" or empty.
CommandOutcome daemon_status(const std::string& socket, const Arguments& patterns,
                             const std::string& only, bool json);

}  // namespace thermos
