// Shared by the commands that may ask the daemon.
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

// The socket of the daemon that a command asks instead of reading files: the one `given` by
// --socket, else the one that THERMOS_SOCKET names, unless --root names a root; empty: none.
std::string asked_socket(const std::optional<std::string>& given, const CommonOptions& common);
// The root that a command reads by the caller's rights: that of the daemon at `socket`, or, if that
// is empty, the one that the options name. Fails with NoDaemon, or with NotFound if the daemon is
// of an earlier version, which does not tell its root.
Result<Paths> asked_paths(const std::string& socket, const CommonOptions& common);
// The socket at which a command asks for a task that a daemon may lead, and its `thermos run` may:
// as asked_socket(), and the default one where neither is named. Empty: --root names a root that is
// not that of the daemon there, or nobody says so.
std::string socket_of_leader(const std::optional<std::string>& given, const CommonOptions& common);
// Whether the caller may list the tasks under a root, and read what is recorded of them.
bool may_read_tasks(const Paths& paths);
// The uid that runs the daemon at `socket`.
Result<std::uint32_t> daemon_uid(const std::string& socket);

// Calls `take` with the record in an event. Fails with Corrupt.
Status decode_event(const control::Event& event, const std::function<void(const Record&)>& take);

// The tasks of the daemon that match `patterns`, active ones first. Fails with NoDaemon, or with
// the daemon's own error.
Result<std::vector<TaskEntry>> daemon_tasks(const std::string& socket, const Arguments& patterns);
// What is said of a word that means none of them, or no active one (missing_task.h).
Error missing_of_daemon(const std::string& socket, const std::string& word, bool active);
// The one of them that `word` means. Fails as select_one() does, or with NoDaemon.
Result<TaskEntry> one_daemon_task(const std::string& socket, const std::string& word);

// Asks the daemon for `status --json`'s "tasks". `only` is "active", "finished", "failed" (which is
// asked for as finished) or empty. Tasks that nobody may see are left out. Fails with NoDaemon, or
// with the daemon's own error.
Result<Json> daemon_status(const std::string& socket, const Arguments& patterns,
                           const std::string& only);
// The same, with a client that has an answer to nothing outstanding.
Result<Json> ask_status(ControlClient& client, const Arguments& patterns, const std::string& only);

}  // namespace thermos
