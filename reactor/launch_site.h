// Where and as whom a task's processes run: all that a launch takes from the machine and not from
// the run itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capnp/launch.h"
#include "core/record.h"
#include "core/result.h"
#include "core/task.h"
#include "reactor/as_user.h"
#include "reactor/launch_trouble.h"
#include "reactor/run_logs.h"

namespace thermos {

// Who a task runs as, by the name in its header.
struct TaskUser : FileOwner {
  std::string home;
};
std::optional<LaunchTrouble> find_task_user(const std::string& name, TaskUser& user);

class LaunchSite {
 public:
  explicit LaunchSite(const RunnerHeader& header);

  // Fills in directory, root, environment and user. Users are looked up here and now, in the
  // reactor: the coordinator is static and has no name service.
  std::optional<LaunchTrouble> fill(Launch& launch);

  // Makes <log_dir>/<process>/<run>/ and the two files in it, for the task's user alone, or what
  // else the process's logger asks for, and says so in `launch`. The console is our standard output
  // and our standard error.
  std::optional<LaunchTrouble> open_logs(const ProcessConfig& process, std::uint32_t run,
                                         Launch& launch, RunLogs& logs);
  // Takes away the output of the run that is one too old now that `run` starts, unless it is the
  // first that failed. What a user put beside it stays.
  void drop_logs(const std::string& process, std::uint32_t run,
                 std::optional<std::uint32_t> first_failed);

 private:
  // Once for all launches; a user who is missing is looked up again, as they may appear.
  std::optional<LaunchTrouble> find_user();

  RunnerHeader header_;
  std::optional<TaskUser> user_;
};

}  // namespace thermos
