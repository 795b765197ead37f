// Waits for tasks that a daemon leads, and prints how they end.
#pragma once

#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"

namespace thermos {

// Sends the request, a kill or a drain, and prints each task when it ends.
CommandOutcome print_ended(ControlClient& client, control::RequestBody request);

// Waits for the end of a task, for at most `timeout`. Prints the task's state on standard error,
// with its failed runs and, as far as the caller may read them, the last lines that they printed.
// Prints nothing for a success without failed runs. Returns the exit status for the task's state,
// or kExitTimedOut. Fails as ControlClient::ask() does.
CommandOutcome wait_for_end(ControlClient& client, const std::string& socket,
                            const std::string& task_id, const std::optional<Microseconds>& timeout);

}  // namespace thermos
