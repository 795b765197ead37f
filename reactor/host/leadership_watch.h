// Waits for a task's leader to change. Blocking, for programs without a loop.
#pragma once

#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Watches, from its construction on, the events that show a change of leader: a leader's socket
// appears or disappears, a process that had the runner's stream open for writing closes it (so the
// lock is free), or the task's file leaves tasks/active. An event between two waits ends the second
// one at once. If inotify is not available, only the leader's death or the timeout ends a wait.
class LeadershipWatch {
 public:
  LeadershipWatch(const Paths& paths, const std::string& task_id);

  // Blocks until an event happens or `leader`, if given, has died. Returns false if neither happens
  // before the boot time `until` (microseconds).
  bool wait(const std::optional<Identity>& leader, Microseconds until);

  // Drops all events so far. The caller calls this after its own attempt to lead, because that
  // closes the stream and so causes an event, too.
  void forget();

 private:
  // Reads the waiting events. Returns true if one of them concerns this task's leader.
  bool take_events();

  std::string task_id_;
  Descriptor inotify_;
  int checkpoints_ = -1;
};

}  // namespace thermos
