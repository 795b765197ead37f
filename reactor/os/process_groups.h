// Control groups (cgroup v2): where the service manager leaves some to us, each run has one of its
// own, which holds all that comes of it wherever it may go, bears its limits, and ends it whole.
//
//   SCOPE/coordinators             the fork server and the coordinators
//   SCOPE/tasks/TASK_ID            bears the limits of the task
//   SCOPE/tasks/TASK_ID/PROCESS.RUN
//
// The scope is a unit beside the service's, not the service's own group: systemd could not start a
// service again in a group whose controllers are handed on (EBUSY, the rule against processes in
// inner groups), and those must stay handed on for as long as processes live under their limits.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ProcessGroups {
 public:
  // Nothing where we are no service whose manager delegates groups (Delegate=yes).
  static std::unique_ptr<ProcessGroups> find();

  // Puts a fork server, and so all coordinators to come, into the scope; starts that where there is
  // none. After an error make() fails.
  Status shelter(pid_t fork_server);

  // What names a group.
  struct Name {
    std::string task_id;
    std::string process;
    std::uint32_t run = 0;
  };
  // Makes the group of a run, or takes the one that is there, and sets its limits. The descriptor
  // is the group's directory. A limit without its controller is said once, and not kept.
  Result<Descriptor> make(const Name& name, const std::optional<Resources>& task_limits,
                          const std::optional<Resources>& limits);
  std::string path_of(const Name& name) const;

  // Takes an ended run's group away; one that is not empty stays.
  static void remove(const std::string& path);
  // Ends and takes away what stands under a task (its runs but for those in `living`).
  void clear_task(const std::string& task_id, const std::vector<Name>& living) const;
  // The same for all tasks but these.
  void clear_all_but(const std::set<std::string>& task_ids) const;

 private:
  ProcessGroups(std::string scope, std::string name, std::string slice, bool of_user);
  Status prepare();
  std::string task_path(const std::string& task_id) const;
  void set_limits(const std::string& path, const std::optional<Resources>& limits);

  std::string scope_;  // its directory
  std::string scope_name_;
  std::string slice_;
  bool of_user_;
  bool warned_ = false;
};

// Of any group's directory: sends SIGKILL to all in it and below, at once.
void kill_group(const std::string& path);
// All that are in it and below.
std::vector<pid_t> group_members(const std::string& path);

}  // namespace thermos
