// A task to be led: its configuration, and where it runs.
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

// The ended task that a new one goes on from, and the processes whose successes it takes over.
struct Predecessor {
  std::shared_ptr<const History> history;  // with a header
  std::vector<std::string> taken_over;     // each has_succeeded()
};

struct TaskSetup {
  Paths paths;
  std::shared_ptr<const TaskConfig> task;  // fully bound and checked
  // Of a new task, open_task() fills in launch_time, and a hostname that is empty.
  RunnerHeader header;
  Predecessor predecessor{};  // only of a new task; without a history, there is none
  // The task is new. Files that someone created under its id before dying, without beginning the
  // task, are replaced. If false, such a task is resumed if its configuration is the same.
  bool replaces_unbegun = false;
  // This task is alone on the loop, so opening it may block for up to a second while someone only
  // asks about the lock (stream_is_locked()). If false, that is Busy, like a lock that is held.
  bool alone = false;
  // These are filled in by TaskHost::lead(): this boot, and what was decided about the leader
  // before.
  BootId boot{};
  std::string elsewhere{};  // as Lead::elsewhere
  Leadership place{};       // where we are, but for its `decision`
  Microseconds hold = 0;    // as Lead::hold
  bool take_over = false;   // whoever led it elsewhere leads it no more: the caller says so
  // The node that this machine is of the task's; empty: its leader is here.
  std::string node{};
  // Of the daemon; nullptr: it has none, or there is no daemon.
  SharedPools* pools = nullptr;
};

}  // namespace thermos
