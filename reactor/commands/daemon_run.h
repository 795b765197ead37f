// Gives a task to the daemon and shows it: `thermos run --daemon` and `submit`.
#pragma once

#include <string>

#include "capnp/control.h"
#include "core/task/task.h"
#include "reactor/commands/ancestor_options.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/run_options.h"
#include "reactor/control/control_client.h"

namespace thermos {

struct DaemonTask {
  TaskConfig task;
  control::Submit submit;
};

// Reads CONFIG for the daemon. Fails as `thermos run` does.
Result<DaemonTask> read_daemon_task(const std::string& file, const RunOptions& options,
                                    const AncestorOptions& old = {});

// Gives the task to the daemon. Returns when the daemon has written it to the disk.
Status submit_task(ControlClient& client, const control::Submit& submit);

// Returns a connection to the daemon on which the events of the task follow: from now on, or, with
// `from_the_first`, from the task's first event on.
Result<ControlClient> subscribe_to(const std::string& socket, const std::string& task_id,
                                   bool from_the_first);

// Gives the task in CONFIG to the daemon and shows it as `thermos run` does, to its end; the exit
// status is the task's. SIGINT or SIGTERM ends only this program, and not the task.
CommandOutcome run_by_daemon(const std::string& file, const RunOptions& options,
                             const AncestorOptions& old, const CommonOptions& common,
                             const std::string& socket);

}  // namespace thermos
