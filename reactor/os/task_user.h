// Who a task runs as.
#pragma once

#include <optional>
#include <string>

#include "reactor/os/as_user.h"
#include "reactor/os/launch_error.h"

namespace thermos {

// By the name in its header.
struct TaskUser : FileOwner {
  std::string home;
};
// Asks the name service. An error when there is no such user, when only root may run processes as
// them, or when the machine lacks something to look with (`retry`).
std::optional<LaunchError> find_task_user(const std::string& name, TaskUser& user);

}  // namespace thermos
