// Waiting for the lead of a task to change hands. For programs without a loop.
#pragma once

#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Sees, from its making on, what a change of the lead shows itself by: a leader's socket gets its
// name or loses it, the runner's stream is closed by one who could write it (so a lock is free),
// the task's file leaves tasks/active. What happened between two waits ends the second one at once.
// Where inotify can't be had a wait ends by the leader's death or by its time alone.
class LeadershipWatch {
 public:
  LeadershipWatch(const Paths& paths, const std::string& task_id);

  // Waits until something happened, or `leader`, where there is one, has died. False: nothing did
  // until the boot time `until`.
  bool wait(const std::optional<Identity>& leader, Microseconds until);

  // Leaves aside what happened up to now: an attempt to lead closes the stream, too.
  void forget();

 private:
  // Takes the events that wait; true: one of them concerns the lead.
  bool take_events();

  std::string task_id_;
  Descriptor inotify_;
  int checkpoints_ = -1;
};

}  // namespace thermos
