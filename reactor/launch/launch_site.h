// Where and as which user a task's processes run: the parts of a launch that are the same for all
// runs.
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

  // Fills in what is run and where: command, directories, input, root and user, and the environment
  // of a login. `task` is the task of `process`. The reactor looks users up, because the
  // coordinator is a static program and cannot use the name service.
  std::optional<LaunchError> fill(const TaskConfig& task, const ProcessConfig& process,
                                  Launch& launch);

  // Opens the output of a run into `logs`, as the process's logger says, and sets the logger's
  // fields of `launch`. Files are <log_dir>/<process>/<run>/{stdout,stderr}, accessible to the
  // task's user only. The console is this program's standard output and standard error.
  std::optional<LaunchError> open_logs(const ProcessConfig& process, std::uint32_t run,
                                       Launch& launch, RunLogs& logs);
  // Removes the output of the run that is too old to keep once `run` starts, unless it is the first
  // that failed. Other files in its directory stay.
  void drop_logs(const std::string& process, std::uint32_t run,
                 std::optional<std::uint32_t> first_failed);

 private:
  // Looks the user up once for all launches. After a failure the next launch tries again.
  std::optional<LaunchError> find_user();

  RunnerHeader header_;
  std::optional<TaskUser> user_;
  KnownLogs known_logs_;
};

}  // namespace thermos
