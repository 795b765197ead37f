// Prints how tasks end that a daemon leads.
#pragma once

#include <string>

#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"

namespace thermos {

// Sends a kill or a drain, and prints each task when it ends.
CommandOutcome print_ended(ControlClient& client, control::RequestBody request);

// Prints how a task that the daemon led ended, and what failed in it with what that printed last,
// as far as the caller may read it, on standard error. Prints nothing of a success in which nothing
// failed.
void print_end(ControlClient& client, const std::string& socket, const control::Ended& ended);

}  // namespace thermos
