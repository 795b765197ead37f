// The user that a task runs as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reactor/os/as_user.h"
#include "reactor/os/launch_error.h"

namespace thermos {

// The user of a task's header.
struct TaskUser : FileOwner {
  std::string home;
};
// Looks up a user with the groups (getpwnam(3), getgrouplist(3)). Returns an error if there is no
// such user, if this program is not root and may not run processes as that user, or, with `retry`,
// if the lookup failed for lack of a resource. A name that is not known here will do if it is the
// number of this program's own user, or if `recorded`, the user's number as the header has it, is
// that; the home is then "/".
std::optional<LaunchError> find_task_user(const std::string& name, TaskUser& user,
                                          std::optional<std::uint32_t> recorded = std::nullopt);

}  // namespace thermos
