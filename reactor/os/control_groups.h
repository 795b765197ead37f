// Control groups (cgroup v2, cgroups(7)). If the service manager delegates groups, each run has its
// own group. It contains all descendants of the run, whatever session they move to, sets the run's
// limits, and can be killed as a whole.
//
//   SCOPE/coordinators             the fork server and the coordinators
//   SCOPE/tasks/TASK_ID            has the limits of the task
//   SCOPE/tasks/TASK_ID/PROCESS.RUN
//
// The scope is a unit of its own and not the service's group. A group that enables controllers for
// its children may not contain processes (EBUSY), so systemd could not restart the service in it.
// And the controllers must stay enabled as long as processes live under their limits.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// A transient scope of systemd (systemd.scope(5)), whose control group is delegated to us.
struct ScopeRequest {
  std::string name;      // ends in ".scope"
  std::string slice;     // the slice that contains it
  pid_t process = 0;     // its first process; the scope ends with its last one
  bool of_user = false;  // ask the user's systemd, not the system's
};

class ControlGroups {
 public:
  // Returns nothing if this program is not a service with delegated groups (Delegate=yes).
  static std::unique_ptr<ControlGroups> find();

  // Moves a fork server, and so all its later coordinators, into the scope. The scope exists if
  // systemd has started it, or if living coordinators have kept the scope of an earlier fork server
  // or daemon. Fails with System if there is no scope; the caller then asks systemd for the scope
  // that scope_for() describes. Until this succeeds, make() fails.
  Status settle(pid_t fork_server);
  ScopeRequest scope_for(pid_t fork_server) const;

  // Identifies the group of a run.
  struct Name {
    std::string task_id;
    std::string process;
    std::uint32_t run = 0;
  };
  // Creates the group of a run, or uses the existing one, and sets its limits. If the task has no
  // group yet, creates that with `task_limits`, too. Returns a descriptor of the run's group
  // directory. A limit whose controller is missing is not set, with one warning in the log.
  Result<Descriptor> make(const Name& name, const std::optional<Resources>& task_limits,
                          const std::optional<Resources>& limits);
  std::string path_of(const Name& name) const;
  // Replaces all limits of the task's group, if it exists, because a task may get another
  // configuration while its group lives on.
  void limit_task(const std::string& task_id, const std::optional<Resources>& limits);

  // Removes the group of an ended run, unless it still contains processes.
  static void remove(const std::string& path);
  // Kills and removes the groups of a task's runs, except those in `living`.
  void clear_task(const std::string& task_id, const std::vector<Name>& living) const;
  // Kills and removes the groups of all tasks except these.
  void clear_all_but(const std::set<std::string>& task_ids) const;

 private:
  ControlGroups(std::string scope, std::string name, std::string slice, bool of_user);
  std::string coordinators() const { return scope_ + "/coordinators"; }
  Status prepare();
  // Creates the group of a task, with its limits, and the group of one of its runs, unless they
  // exist. Returns false with errno set on failure.
  bool make_groups(const std::string& task, const std::optional<Resources>& task_limits,
                   const std::string& path);
  std::string task_path(const std::string& task_id) const;
  // Sets the given limits of a group. A limit that is not given stays as it is.
  void set_limits(const std::string& path, const std::optional<Resources>& limits);

  std::string scope_;  // the scope's directory
  std::string scope_name_;
  std::string slice_;
  bool of_user_;
  bool warned_ = false;
};

// Kills all processes in the group with this directory and in the groups below it, with
// cgroup.kill.
void kill_group(const std::string& path);
// Returns all processes in the group and in the groups below it.
std::vector<pid_t> group_members(const std::string& path);

}  // namespace thermos
