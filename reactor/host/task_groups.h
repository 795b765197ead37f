// The control groups of one task's processes, where there are any: one for each run.
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

  // Makes a new group when it is called, which may be when this is gone, and gives its directory. A
  // process that can have no group runs without one: then the log says why, and the descriptor is
  // empty.
  ForkServer::MakeGroup maker(ProcessIndex p, std::uint32_t run) const;
  // Does nothing where there is none.
  void remove(ProcessIndex p, std::uint32_t run) const;
  // Empty: there are no groups.
  std::string path(ProcessIndex p, std::uint32_t run) const;

  ControlGroups::Name name(ProcessIndex p, std::uint32_t run) const {
    return {task_id_, task_.processes[p].name, run};
  }
  // Removes the groups of all runs but `living`.
  void clear_but(const std::vector<ControlGroups::Name>& living) const;

 private:
  Reactor& reactor_;
  const std::string& task_id_;
  const TaskConfig& task_;
};

}  // namespace thermos
