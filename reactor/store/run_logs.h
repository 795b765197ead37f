// The files that a run's output goes to: <log_dir>/<process>/<run>/{stdout,stderr}. Only the task's
// user can read them.
//
// The directories above may belong to that user, or lie where others can write. So the path is
// opened one component at a time (openat(2)), no link is followed, and below a sandbox everything
// is done as the user: root must not lend its rights to a path that others control.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/launch_error.h"

namespace thermos {

struct RunLogs {
  Descriptor out;
  Descriptor err;
  bool with_directory = false;   // whether the caller wants it
  Descriptor directory;          // of both, if they are files; opened with O_PATH
  std::vector<Descriptor> more;  // further descriptors of the launch, in the order of launch.capnp
};

// The log directory of a task as it was found last, for the next run's files. Empty at first.
struct KnownLogs {
  Descriptor at;  // O_PATH
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// Creates what is missing (directories 0700, files 0600) and opens both files for appending, into
// `logs`. Returns an error, or nothing on success. `known` is of the same header and owner; it
// saves the steps to a directory that is still in its place, and no check.
std::optional<LaunchError> open_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                         const std::string& process, std::uint32_t run,
                                         KnownLogs& known, RunLogs& logs);

// Makes the log directory of a new task in its sandbox, and returns its path: <sandbox>/.logs, or,
// where that is there already and so another task's, <sandbox>/.logs-<task_id>. Who makes it has
// it, so that two tasks that begin at the same time do not share one. Where it can't be made,
// returns <sandbox>/.logs, and open_run_logs() says why.
std::string claim_log_directory(const RunnerHeader& header, const FileOwner& owner);

// Opens the directory <log_dir>/<process>, or a run's directory in it, into `at` (O_PATH); creates
// nothing. Without a process, the log directory.
// Returns nothing on success, or NotFound, System, or NotPermitted, also for a link on the way.
std::optional<Error> enter_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                    const std::string& process, std::optional<std::uint32_t> run,
                                    Descriptor& at);

// Removes the output of that run, if there is any. Other files that someone put into its directory
// stay.
void drop_run_logs(const RunnerHeader& header, const FileOwner& owner, const std::string& process,
                   std::uint32_t run);

// Creates the directory `path` (0700) for `owner` and opens it into `directory`. One that exists
// and is theirs is used. `made` is set if it was created. Returns an error, or nothing on success.
// REQUIRES: only we can write to the directory above.
std::optional<LaunchError> make_private_directory(const std::string& path, const FileOwner& owner,
                                                  bool& made, Descriptor& directory);

}  // namespace thermos
