// The control groups of one task's processes, one for each run. All calls do nothing if the reactor
// uses no control groups.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/task/task.h"
#include "reactor/host/reactor.h"
#include "reactor/os/control_groups.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class TaskGroups {
 public:
  // All references outlive this.
  TaskGroups(Reactor& reactor, const std::string& task_id, const TaskConfig& task)
      : reactor_(reactor), task_id_(task_id), task_(task) {}

  // Returns a function that creates the run's group and returns a descriptor of its directory. The
  // function may be called after this object is destroyed. If the group can't be created, the
  // function logs why and returns an empty descriptor, and the process runs without a group.
  ForkServerClient::MakeGroup maker(ProcessIndex p, std::uint32_t run) const;
  // Removes the group of this run, if there is one.
  void remove(ProcessIndex p, std::uint32_t run) const;
  // Returns the group's directory, or "" if there are no control groups.
  std::string path(ProcessIndex p, std::uint32_t run) const;

  ControlGroups::Name name(ProcessIndex p, std::uint32_t run) const {
    return {task_id_, task_.processes[p].name, run};
  }
  // Sets the limits of the task's group to those of this configuration, because the group may still
  // have the limits of an earlier one.
  void limit() const;
  // Removes the groups of all runs of this task except `living`.
  void clear_but(const std::vector<ControlGroups::Name>& living) const;

 private:
  Reactor& reactor_;
  const std::string& task_id_;
  const TaskConfig& task_;
};

}  // namespace thermos
