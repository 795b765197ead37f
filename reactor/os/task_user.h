// The user that a task runs as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reactor/os/as_user.h"
#include "reactor/os/launch_error.h"

namespace thermos {

// The user that a task's header names.
struct TaskUser : FileOwner {
  std::string home;
};
// Looks up a user and the user's groups (getpwnam(3), getgrouplist(3)). Returns an error if there
// is no such user, if the user is not this program's own and this program is not root, or, with
// `retry`, if the lookup failed for lack of a resource. An unknown name is accepted if it is this
// program's own uid as a number, or if `recorded`, the uid in the header, equals this program's own
// uid. The home is then "/".
std::optional<LaunchError> find_task_user(const std::string& name, TaskUser& user,
                                          std::optional<std::uint32_t> recorded = std::nullopt);

}  // namespace thermos
