#include "reactor/launch_site.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/paths.h"
#include "reactor/task_store.h"

namespace thermos {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* kProfile = "/.thermos_profile";
constexpr unsigned kLogDirectoryMode = 0750;
constexpr unsigned kLogFileMode = 0640;

}  // namespace

LaunchTrouble trouble_of(const std::string& what, int error_number) {
  LaunchTrouble trouble;
  trouble.reason = what + ": " + std::strerror(error_number);
  switch (error_number) {
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case ENOBUFS:
    case ETOOMANYREFS:
      trouble.retry = true;
      break;
    default:
      break;
  }
  return trouble;
}

LaunchSite::LaunchSite(const RunnerHeader& header) : header_(header) {}

std::optional<LaunchTrouble> LaunchSite::find_user() {
  if (user_) return std::nullopt;
  User user;
  passwd record{};
  passwd* found = nullptr;
  std::vector<char> buffer(64 * 1024);
  const int error = getpwnam_r(header_.user.c_str(), &record, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    if (error != 0 && error != ENOENT) return trouble_of("user " + header_.user, error);
    return LaunchTrouble{false, "no such user: " + header_.user};
  }
  user.name = record.pw_name;
  user.home = record.pw_dir;
  user.uid = record.pw_uid;
  user.gid = record.pw_gid;
  user.change = record.pw_uid != geteuid();
  if (user.change && geteuid() != 0) {
    return LaunchTrouble{false, "only root may run processes as " + header_.user};
  }
  if (user.change) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (getgrouplist(record.pw_name, record.pw_gid, groups.data(), &count) < 0) {
      groups.resize(static_cast<std::size_t>(count));
    }
    user.groups.assign(groups.begin(), groups.begin() + count);
  }
  user_ = std::move(user);
  return std::nullopt;
}

std::optional<LaunchTrouble> LaunchSite::fill(Launch& launch) {
  if (auto trouble = find_user()) return trouble;
  launch.directory = header_.chroot ? "/" : header_.sandbox;
  launch.root = header_.chroot ? header_.sandbox : "";
  const char* path = std::getenv("PATH");
  launch.environment = {
      "HOME=" + (header_.chroot ? user_->home : header_.sandbox),
      "LOGNAME=" + user_->name,
      "USER=" + user_->name,
      std::string("PATH=") + (path != nullptr ? path : kDefaultPath),
  };
  if (exists(header_.sandbox + kProfile)) {
    launch.environment.push_back("BASH_ENV=" + (header_.chroot ? std::string() : header_.sandbox) +
                                 kProfile);
  }
  launch.change_user = user_->change;
  launch.uid = user_->uid;
  launch.gid = user_->gid;
  launch.groups = user_->groups;
  return std::nullopt;
}

std::optional<LaunchTrouble> LaunchSite::open_logs(const std::string& process, std::uint32_t run,
                                                   Logs& logs) {
  if (auto trouble = find_user()) return trouble;
  const std::string directory = run_log_dir(header_.log_dir, process, run);
  // The last two are ours to make; those above may be there already and belong to someone else.
  const std::string above = directory.substr(0, directory.rfind('/'));
  for (const std::string& made : {header_.log_dir, above, directory}) {
    if (mkdir(made.c_str(), kLogDirectoryMode) != 0) {
      if (errno == EEXIST) continue;
      if (errno != ENOENT || made != header_.log_dir) {
        return trouble_of("cannot make " + made, errno);
      }
      // Logs inside the sandbox don't bring back a sandbox that somebody took away.
      if (made.starts_with(header_.sandbox + "/") && !exists(header_.sandbox)) {
        return LaunchTrouble{false, "the sandbox " + header_.sandbox + " is gone"};
      }
      if (auto all = make_directories(made, kLogDirectoryMode | 05); !all) {
        return LaunchTrouble{false, all.error().message};
      }
    }
    if (user_->change && lchown(made.c_str(), user_->uid, user_->gid) != 0) {
      return trouble_of("cannot give " + made + " to " + user_->name, errno);
    }
  }
  for (auto [name, target] : {std::pair{"/stdout", &logs.out}, std::pair{"/stderr", &logs.err}}) {
    const std::string file = directory + name;
    target->reset(
        open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kLogFileMode));
    if (!*target) return trouble_of("cannot open " + file, errno);
    if (user_->change && fchown(target->get(), user_->uid, user_->gid) != 0) {
      return trouble_of("cannot give " + file + " to " + user_->name, errno);
    }
  }
  return std::nullopt;
}

void LaunchSite::drop_logs(const std::string& process, std::uint32_t run,
                           std::optional<std::uint32_t> first_failed) const {
  if (header_.keep_logs == 0 || run < header_.keep_logs) return;
  const std::uint32_t old = run - header_.keep_logs;
  if (first_failed == old) return;
  const std::string directory = run_log_dir(header_.log_dir, process, old);
  unlink((directory + "/stdout").c_str());
  unlink((directory + "/stderr").c_str());
  rmdir(directory.c_str());
}

}  // namespace thermos
