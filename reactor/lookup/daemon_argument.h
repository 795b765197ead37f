// Functions for the commands that may ask the daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reactor/cli/options.h"
#include "reactor/control/control_client.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Returns the socket of the daemon that a command asks instead of reading files: the one `given` by
// --socket, else, unless --root is given, the one in THERMOS_SOCKET; "" if there is none.
std::string asked_socket(const std::optional<std::string>& given, const CommonOptions& common);
// Returns the root that a command reads with the caller's rights: that of the daemon at `socket`,
// or, if `socket` is empty, the one in the options. Fails as ControlClient::ask() does, or with
// NotFound if the daemon is of an earlier version, which does not tell its root.
Result<Paths> asked_paths(const std::string& socket, const CommonOptions& common);
// Returns the socket to ask about a task that either a daemon or a `thermos run` leads: the one
// `given`, else default_socket(). Returns "" if none is given and --root is not the root of the
// daemon at that socket, or the daemon does not answer.
std::string socket_of_leader(const std::optional<std::string>& given, const CommonOptions& common);
// Returns whether the caller may list the tasks under a root and their checkpoints.
bool may_read_tasks(const Paths& paths);
// Returns the uid that owns the socket, which is the one that runs the daemon. Fails as
// system_error() does.
Result<std::uint32_t> daemon_uid(const std::string& socket);

// Calls `take` with the record in an event. Fails with Corrupt if it can't be decoded.
Status decode_event(const control::Event& event, const std::function<void(const Record&)>& take);

// Returns the daemon's tasks that match `patterns`, active ones first. Fails with NoDaemon, or with
// the daemon's own error.
Result<std::vector<TaskEntry>> daemon_tasks(const std::string& socket, const Arguments& patterns);
// Returns the error for a word that matches none of the daemon's tasks, or no active one
// (missing_task.h).
Error missing_of_daemon(const std::string& socket, const std::string& word, bool active);
// Returns the one task of the daemon that `word` matches. Fails as select_one() does, or with
// NoDaemon.
Result<TaskEntry> one_daemon_task(const std::string& socket, const std::string& word);

// Asks the daemon for the "tasks" of `status --json`. `only` is "active", "finished", "failed"
// (which asks for finished tasks) or empty. Tasks that the caller may not see are left out. Fails
// with NoDaemon, or with the daemon's own error.
Result<Json> daemon_status(const std::string& socket, const Arguments& patterns,
                           const std::string& only);
// Does the same with a client that waits for no other reply.
Result<Json> ask_status(ControlClient& client, const Arguments& patterns, const std::string& only);

}  // namespace thermos
