#include "reactor/os/task_user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reactor/os/account.h"

namespace thermos {
std::optional<LaunchError> find_task_user(const std::string& name, TaskUser& user,
                                          std::optional<std::uint32_t> recorded) {
  if (name.empty()) return LaunchError{false, "no user is recorded"};
  passwd record{};
  passwd* found = nullptr;
  std::vector<char> buffer(std::size_t{64} * 1024);
  int error = 0;
  // Tries twice, because a temporary shortage looks like a user who does not exist.
  for (int tries = 0; found == nullptr && tries < 2; ++tries) {
    error = getpwnam_r(name.c_str(), &record, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) {
    if (error == 0 || error == ENOENT) error = user_lookup_error();
    if (error != 0) return launch_error("user " + name, error);
    // A container may have no user names, only numbers. Running processes as this program's own
    // user is always allowed.
    if (name != std::to_string(geteuid()) && recorded != geteuid()) {
      return LaunchError{false, "no such user: " + name};
    }
    user.name = name;
    user.home = "/";
    user.uid = geteuid();
    user.gid = getegid();
    user.change = false;
    return std::nullopt;
  }
  user.name = record.pw_name;
  user.home = record.pw_dir;
  user.uid = record.pw_uid;
  user.gid = record.pw_gid;
  user.change = record.pw_uid != geteuid();
  if (user.change && geteuid() != 0) {
    return LaunchError{false, "only root may run processes as " + name};
  }
  if (user.change) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (getgrouplist(record.pw_name, record.pw_gid, groups.data(), &count) < 0) {
      groups.resize(static_cast<std::size_t>(count));
    }
    user.groups.assign(groups.begin(), groups.begin() + count);
  }
  return std::nullopt;
}

}  // namespace thermos
