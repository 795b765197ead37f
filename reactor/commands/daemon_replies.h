// Shared by the commands that may ask the daemon.
#pragma once

#include <string>

#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"
#include "reactor/store/history_json.h"

namespace thermos {

// The socket that THERMOS_SOCKET names, for commands that otherwise read files; empty: none.
std::string asked_socket();

// Prints each task when it ends, until the daemon sends `done`.
CommandOutcome print_ended(ControlClient& client);

// Asks the daemon for `status --json`'s "tasks". `only` is "active", "finished", "failed" (which is
// asked for as finished) or empty. Tasks that nobody may see are left out. Fails with NoDaemon, or
// with the daemon's own error.
Result<Json> daemon_status(const std::string& socket, const Arguments& patterns,
                           const std::string& only);
// The same, with a client that has an answer to nothing outstanding.
Result<Json> ask_status(ControlClient& client, const Arguments& patterns, const std::string& only);

// Prints what failed in a task that the daemon led, with what it printed last as far as the caller
// may read it, on standard error. Prints nothing where nothing failed.
void print_failures(ControlClient& client, const std::string& socket, const std::string& task_id);

}  // namespace thermos
