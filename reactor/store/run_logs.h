// The files that a run's output goes to: <log_dir>/<process>/<run>/{stdout,stderr}, for the task's
// user alone.
//
// The directories above may belong to that user, or lie where others can write. So they are walked
// step by step from one descriptor to the next, no link is followed, and what is done below a
// sandbox is done as the user: root lends nobody its rights over a path.
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
  Descriptor directory;          // of both, when they are files; opened by O_PATH
  std::vector<Descriptor> more;  // what a launch hands on beside them, as launch.capnp wants it
};

// Makes what is missing (directories 0700, files 0600) and opens both for appending.
std::optional<LaunchError> open_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                         const std::string& process, std::uint32_t run,
                                         RunLogs& logs);

// Enters <log_dir>/<process>, or a run's directory in it, as it is there, and gives it in `at`.
// NotFound; NotPermitted, also for a link in the way.
std::optional<Error> enter_run_logs(const RunnerHeader& header, const FileOwner& owner,
                                    const std::string& process, std::optional<std::uint32_t> run,
                                    Descriptor& at);

// Takes away the output of that run, if it is there. What somebody put beside it stays.
void drop_run_logs(const RunnerHeader& header, const FileOwner& owner, const std::string& process,
                   std::uint32_t run);

// Makes the directory `path` for `owner` alone (0700), in a directory that only we can write to,
// and opens it; one that is there and theirs is as good. `made`: it was not there.
std::optional<LaunchError> make_private_directory(const std::string& path, const FileOwner& owner,
                                                  bool& made, Descriptor& directory);

}  // namespace thermos
