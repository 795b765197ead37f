// The files that a run's output goes to: <log_dir>/<process>/<run>/{stdout,stderr}. Only the task's
// user can read them.
//
// The directories above may belong to that user, or lie where others can write. So the path is
// opened one component at a time (openat(2)), no link is followed, and below a sandbox everything
// is done as the user: root must not use its rights on a path that others control.
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
  bool with_directory = false;   // whether the caller wants `directory`
  Descriptor directory;          // the directory of both files; opened with O_PATH
  std::vector<Descriptor> more;  // further descriptors of the launch, in the order of launch.capnp
};

// The log directory of a task as the last open_run_logs() found it, kept for the next run. Empty at
// first.
struct KnownLogs {
  Descriptor at;  // O_PATH
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// Creates missing directories (0700) and files (0600) and opens both files for appending, into
// `logs`. Returns an error, or nothing on success. `known` comes from calls with the same header
// and owner. It saves the walk to a log directory that is still in its place, but no check.
std::optional<LaunchError> open_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                         const std::string& process, std::uint32_t run,
                                         KnownLogs& known, RunLogs& logs);

// Creates the log directory of a new task in its sandbox and returns its path: <sandbox>/.logs, or
// <sandbox>/.logs-<task_id> if the first exists and so belongs to another task. The task that
// creates <sandbox>/.logs owns it, so two tasks that begin at the same time do not share it. If it
// can't be created, returns <sandbox>/.logs, and open_run_logs() reports the error.
std::string claim_log_directory(const RunnerHeader& header, const FileOwner& owner);

// Opens the directory <log_dir>/<process>, or a run's directory in it, into `at` (O_PATH). If
// `process` is empty, opens the log directory. Creates nothing. Returns nothing on success, or else
// NotFound, System, or NotPermitted. A symbolic link on the way is NotPermitted.
std::optional<Error> enter_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                    const std::string& process, std::optional<std::uint32_t> run,
                                    Descriptor& at);

// Removes the output of that run, if there is any. Other files that someone put into its directory
// stay.
void drop_run_logs(const RunnerHeader& header, const FileOwner& owner, const std::string& process,
                   std::uint32_t run);

// Creates the directory `path` (0700) for `owner` and opens it into `directory`. An existing
// directory is used if it belongs to that owner, or to this program's user, who then gives it to
// the owner. `made` is set to whether it was created. Returns an error, or nothing on success.
// REQUIRES: only this program's user can write to the directory above.
std::optional<LaunchError> make_private_directory(const std::string& path, const FileOwner& owner,
                                                  bool& made, Descriptor& directory);

}  // namespace thermos
