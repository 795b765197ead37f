// The queue for the launches of all tasks on one loop. Carries out the decisions of
// core/runner/launch_admission.h: admits launches, and reports shortages to the log and to the
// tasks that they hold up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/runner/coordinator_link.h"
#include "core/runner/events.h"
#include "core/runner/launch_admission.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"

namespace thermos {

class LaunchQueue {
 public:
  // A task whose launches wait here.
  class Task {
   public:
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;
    virtual void admitted(ProcessIndex p) = 0;
    virtual void shortage_changed(const ShortageChanged& change) = 0;
  };
  using Owner = LaunchAdmission::Owner;

  // REQUIRES: the limit of descriptors (RLIMIT_NOFILE) was raised to its maximum before.
  LaunchQueue(Loop& loop, Deadlines& deadlines);
  ~LaunchQueue();
  LaunchQueue(const LaunchQueue&) = delete;
  LaunchQueue& operator=(const LaunchQueue&) = delete;

  // Adds a task. The caller calls leave() before it destroys `task`; leave() drops all launches of
  // the task.
  Owner join(Task* task);
  void leave(Owner owner);

  // Carry out the link's effects Enqueue, Dequeue and LaunchOver. enqueue(), over() and room() may
  // call admitted() of any task inside the call.
  void enqueue(Owner owner, ProcessIndex p, bool again);
  void dequeue(Owner owner, ProcessIndex p);
  void over(Owner owner, ProcessIndex p, const link::LaunchOver& launch);
  // Report a shortage that kept a stream from being read, and its end: see
  // LaunchAdmission::short_of() and settled().
  void short_of(Owner owner, ProcessIndex p, Shortage shortage, const std::string& reason);
  void settled(Owner owner, ProcessIndex p) { admission_.settled({owner, p}); }
  void room();
  template <typename Waits>
  void review(Owner owner, const Waits& waits) {
    admission_.review(owner, waits);
  }

  // Whether few descriptors are left, as the number of this one shows. The caller then does not
  // keep it open.
  bool is_scarce(int descriptor) const {
    return descriptor >= 0 &&
           static_cast<std::uint64_t>(descriptor) >= admission_.limits().scarce_from;
  }

  // Called at the end of a turn: reports the shortages that began or ended in it. Returns whether a
  // task was told.
  bool say();

 private:
  void go_on();
  void arm();

  Loop& loop_;
  Deadlines& deadlines_;
  LaunchAdmission admission_;
  std::map<Owner, Task*> tasks_;
  Owner next_owner_ = 1;
  bool going_on_ = false;  // go_on() is running
  std::optional<Microseconds> armed_at_;
  std::optional<Deadlines::Key> timer_;
};

}  // namespace thermos
