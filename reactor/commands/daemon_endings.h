// Waits for tasks that a daemon leads, and prints how they end.
#pragma once

#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"

namespace thermos {

// Sends a kill or a drain, and prints each task when it ends.
CommandOutcome print_ended(ControlClient& client, control::RequestBody request);

// Waits for the end of a task, at most `timeout`, and prints it on standard error, with what failed
// in it and what that printed last, as far as the caller may read it; nothing of a success in which
// nothing failed. Returns the exit status that the end stands for, or that of a timeout. Fails as
// the daemon does.
CommandOutcome wait_for_end(ControlClient& client, const std::string& socket,
                            const std::string& task_id, const std::optional<Microseconds>& timeout);

}  // namespace thermos
