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
  // All three outlive this.
  TaskGroups(Reactor& reactor, const std::string& task_id, const TaskConfig& task)
      : reactor_(reactor), task_id_(task_id), task_(task) {}

  // Returns a function that creates the run's group and returns its directory. It may be called
  // after this object is destroyed. If the group can't be created it logs why, and returns an empty
  // descriptor: the process runs without one.
  ForkServerClient::MakeGroup maker(ProcessIndex p, std::uint32_t run) const;
  // Removes the group of this run, if there is one.
  void remove(ProcessIndex p, std::uint32_t run) const;
  // The group's directory; empty if there are no control groups.
  std::string path(ProcessIndex p, std::uint32_t run) const;

  ControlGroups::Name name(ProcessIndex p, std::uint32_t run) const {
    return {task_id_, task_.processes[p].name, run};
  }
  // Sets the limits of the task anew, which another configuration may have given to its group.
  void limit() const;
  // Removes the groups of all runs of this task except `living`.
  void clear_but(const std::vector<ControlGroups::Name>& living) const;

 private:
  Reactor& reactor_;
  const std::string& task_id_;
  const TaskConfig& task_;
};

}  // namespace thermos
