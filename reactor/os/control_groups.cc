#include "reactor/os/control_groups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>

#include <spdlog/spdlog.h>

#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr Microseconds kCpuPeriod = 100'000;
constexpr Microseconds kLeastCpuQuota = 1'000;  // the kernel refuses smaller quotas
constexpr int kMakeTries = 10;

// Writes a file of the kernel with one write(2).
bool write_value(const std::string& path, const std::string& value) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), value.data(), value.size()) >= 0;
}

bool make_group(const std::string& path) {
  return mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
}

// Returns the child groups of a group: the entries of its directory that are directories.
std::vector<std::string> groups_in(const std::string& path) {
  std::vector<std::string> found;
  for (const std::string& name : list_directory(path)) {
    struct stat info {};
    if (lstat((path + "/" + name).c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      found.push_back(name);
    }
  }
  return found;
}

void hand_on_controllers(const std::string& path) {
  const auto offered = read_file(path + "/cgroup.controllers");
  if (!offered) return;
  std::istringstream names(*offered);
  for (std::string name; names >> name;) {
    if (name == "cpu" || name == "memory")
      write_value(path + "/cgroup.subtree_control", "+" + name);
  }
}

// Returns the directory of this program's own group; empty without cgroup v2. Sets `inner` to the
// group's path in the hierarchy.
std::string own_group(std::string& inner) {
  const auto groups = read_file("/proc/self/cgroup");
  const auto mounts = read_file("/proc/self/mountinfo");
  if (!groups || !mounts) return {};
  std::istringstream lines(*groups);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) inner = line.substr(3);
  }
  if (inner.empty()) return {};
  std::istringstream mount_lines(*mounts);
  for (std::string line; std::getline(mount_lines, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string skipped, root, point;
    fields >> skipped >> skipped >> skipped >> root >> point;
    if (root != "/" && !(inner + "/").starts_with(root + "/")) continue;
    return point + (root == "/" ? inner : inner.substr(root.size()));
  }
  return {};
}

bool is_delegated(const std::string& path) {
  // Everybody may read user.delegate; trusted.delegate is the older name, which only root may read.
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    char value = 0;
    if (getxattr(path.c_str(), name, &value, 1) == 1 && value == '1') return true;
  }
  // A user's systemd does not mark delegated groups, but the user owns all groups below it.
  return geteuid() != 0 && access((path + "/cgroup.procs").c_str(), W_OK) == 0;
}

// A group must not have the name of a file of the kernel ("memory.max").
std::string group_name(const std::string& task_id) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto end = std::find_if_not(task_id.begin(), task_id.end(), lower);
  const bool like_a_file = end != task_id.end() && *end == '.';
  return like_a_file || task_id.front() == '_' ? "_" + task_id : task_id;
}

std::string task_id_of(const std::string& group) {
  return group.front() == '_' ? group.substr(1) : group;
}

void remove_tree(const std::string& path) {
  kill_group(path);
  for (const std::string& name : groups_in(path)) remove_tree(path + "/" + name);
  // A group whose processes are still dying stays until the next call.
  rmdir(path.c_str());
}

}  // namespace

void kill_group(const std::string& path) {
  write_value(path + "/cgroup.kill", "1");
}

std::vector<pid_t> group_members(const std::string& path) {
  std::vector<pid_t> members;
  if (const auto text = read_file(path + "/cgroup.procs")) {
    std::istringstream numbers(*text);
    for (pid_t pid = 0; numbers >> pid;) members.push_back(pid);
  }
  for (const std::string& name : groups_in(path)) {
    for (const pid_t pid : group_members(path + "/" + name)) members.push_back(pid);
  }
  return members;
}

std::unique_ptr<ControlGroups> ControlGroups::find() {
  constexpr std::string_view kSuffix = ".service";
  std::string inner;
  const std::string own = own_group(inner);
  if (own.empty() || !own.ends_with(kSuffix) || !is_delegated(own)) return nullptr;
  const std::size_t slash = own.rfind('/');
  const std::string above = own.substr(0, slash);
  const std::string unit = own.substr(slash + 1, own.size() - slash - 1 - kSuffix.size());
  const std::string slice = above.substr(above.rfind('/') + 1);
  if (!slice.ends_with(".slice")) return nullptr;
  const std::string scope = unit + "-processes.scope";
  return std::unique_ptr<ControlGroups>(new ControlGroups(
      above + "/" + scope, scope, slice, inner.find("/user@") != std::string::npos));
}

ControlGroups::ControlGroups(std::string scope, std::string name, std::string slice, bool of_user)
    : scope_(std::move(scope)),
      scope_name_(std::move(name)),
      slice_(std::move(slice)),
      of_user_(of_user) {}

ScopeRequest ControlGroups::scope_for(pid_t fork_server) const {
  return {scope_name_, slice_, fork_server, of_user_};
}

Status ControlGroups::settle(pid_t fork_server) {
  const std::string members = coordinators() + "/cgroup.procs";
  if (!make_group(coordinators()) || !write_value(members, std::to_string(fork_server))) {
    return system_error(members, errno);
  }
  return prepare();
}

Status ControlGroups::prepare() {
  hand_on_controllers(scope_);
  if (!make_group(scope_ + "/tasks")) return system_error(scope_ + "/tasks", errno);
  hand_on_controllers(scope_ + "/tasks");
  return Done{};
}

std::string ControlGroups::task_path(const std::string& task_id) const {
  return scope_ + "/tasks/" + group_name(task_id);
}

std::string ControlGroups::path_of(const Name& name) const {
  return task_path(name.task_id) + "/" + name.process + "." + std::to_string(name.run);
}

bool ControlGroups::make_groups(const std::string& task,
                                const std::optional<Resources>& task_limits,
                                const std::string& path) {
  if (mkdir(task.c_str(), 0755) == 0) {
    set_limits(task, task_limits);
    hand_on_controllers(task);
  } else if (errno != EEXIST) {
    return false;
  }
  return make_group(path);
}

Result<Descriptor> ControlGroups::make(const Name& name,
                                       const std::optional<Resources>& task_limits,
                                       const std::optional<Resources>& limits) {
  const std::string task = task_path(name.task_id);
  const std::string path = path_of(name);
  bool made = make_groups(task, task_limits, path);
  // When the last fork server in the scope dies, systemd removes the scope's empty groups, even if
  // the next fork server has just moved in.
  for (int tries = 0; !made && errno == ENOENT && tries < kMakeTries; ++tries) {
    made = prepare().ok() && make_groups(task, task_limits, path);
  }
  if (!made) return system_error("cannot make " + path, errno);
  set_limits(path, limits);
  Descriptor group(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) return system_error("cannot open " + path, errno);
  return group;
}

void ControlGroups::limit_task(const std::string& task_id, const std::optional<Resources>& limits) {
  const std::string task = task_path(task_id);
  if (access(task.c_str(), F_OK) != 0) return;
  // Resets the limits that are not given. If the controller is missing, these writes fail, and
  // there is no limit to reset.
  if (!limits || limits->cpu <= 0) write_value(task + "/cpu.max", "max");
  if (!limits || limits->ram <= 0) write_value(task + "/memory.max", "max");
  set_limits(task, limits);
}

void ControlGroups::set_limits(const std::string& path, const std::optional<Resources>& limits) {
  if (!limits) return;
  bool kept = true;
  if (limits->cpu > 0) {
    const auto quota = std::max<Microseconds>(
        kLeastCpuQuota, std::llround(limits->cpu * static_cast<double>(kCpuPeriod)));
    kept = write_value(path + "/cpu.max", std::to_string(quota) + " " + std::to_string(kCpuPeriod));
  }
  if (limits->ram > 0) {
    kept = write_value(path + "/memory.max", std::to_string(limits->ram)) && kept;
  }
  if (kept || warned_) return;
  warned_ = true;
  spdlog::warn("cannot set limits of cpu or ram: {}: {}", path, std::strerror(errno));
}

void ControlGroups::remove(const std::string& path) {
  if (rmdir(path.c_str()) == 0 || errno != EBUSY) return;
  // EBUSY: a process has made groups of its own in the group.
  if (group_members(path).empty()) remove_tree(path);
}

void ControlGroups::clear_task(const std::string& task_id, const std::vector<Name>& living) const {
  const std::string task = task_path(task_id);
  std::set<std::string> kept;
  for (const Name& name : living) kept.insert(path_of(name));
  for (const std::string& name : groups_in(task)) {
    if (!kept.contains(task + "/" + name)) remove_tree(task + "/" + name);
  }
  rmdir(task.c_str());
}

void ControlGroups::clear_all_but(const std::set<std::string>& task_ids) const {
  for (const std::string& name : groups_in(scope_ + "/tasks")) {
    if (!task_ids.contains(task_id_of(name))) remove_tree(scope_ + "/tasks/" + name);
  }
}

}  // namespace thermos
