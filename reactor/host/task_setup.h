// What a leader needs to know of a task: its configuration, and where it runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "core/task/shared_pools.h"
#include "core/task/task.h"

namespace thermos {

// The ended task that a new task continues, and the processes whose successes the new task takes
// over.
struct Predecessor {
  std::shared_ptr<const History> history;  // has a header
  std::vector<std::string> taken_over;     // names of processes for which has_succeeded() is true
};

struct TaskSetup {
  Paths paths;
  std::shared_ptr<const TaskConfig> task;  // fully bound and checked
  // For a new task, open_task() fills in launch_time and, if it is empty, hostname.
  RunnerHeader header;
  Predecessor predecessor{};  // only for a new task; no history: no predecessor
  // Whether to replace the files of a task of this id that was created but never begun, because its
  // creator died. If false, such a task is resumed if its configuration is the same.
  bool replaces_unbegun = false;
  // This task is alone on the loop, so opening it may block for up to a second while another
  // process only tests the lock (stream_is_locked()). If false, opening it fails with Busy at once,
  // as for a lock that is held.
  bool alone = false;
  // TaskHost::lead() sets `boot` and `elsewhere`, and completes `place`.
  BootId boot{};
  std::string elsewhere{};  // as Lead::elsewhere
  Leadership place{};       // where we run; lead() adds the `decision` about the previous leader
  Microseconds hold = 0;    // as Lead::hold
  bool take_over = false;   // the caller vouches that no leader on another machine is left
  // The name of the task's node that this machine is; empty on the leader's machine.
  std::string node{};
  // The daemon's pools; nullptr if the daemon has none, or if there is no daemon.
  SharedPools* pools = nullptr;
};

}  // namespace thermos
