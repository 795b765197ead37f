// Where and as whom a task's processes run: all that a launch takes from the machine and not from
// the run itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capnp/launch.h"
#include "core/base/result.h"
#include "core/record/record.h"
#include "core/task/task.h"
#include "reactor/os/as_user.h"
#include "reactor/os/launch_error.h"
#include "reactor/os/task_user.h"
#include "reactor/store/run_logs.h"

namespace thermos {

class LaunchSite {
 public:
  explicit LaunchSite(const RunnerHeader& header);

  // Fills in directory, root, environment and user. Users are looked up here and now, in the
  // reactor: the coordinator is static and has no name service.
  std::optional<LaunchError> fill(Launch& launch);

  // Makes <log_dir>/<process>/<run>/ and the two files in it, for the task's user alone, or what
  // else the process's logger asks for, and says so in `launch`. The console is our standard output
  // and our standard error.
  std::optional<LaunchError> open_logs(const ProcessConfig& process, std::uint32_t run,
                                       Launch& launch, RunLogs& logs);
  // Takes away the output of the run that is one too old now that `run` starts, unless it is the
  // first that failed. What a user put beside it stays.
  void drop_logs(const std::string& process, std::uint32_t run,
                 std::optional<std::uint32_t> first_failed);

 private:
  // Once for all launches; a user who is missing is looked up again, as they may appear.
  std::optional<LaunchError> find_user();

  RunnerHeader header_;
  std::optional<TaskUser> user_;
};

}  // namespace thermos
