// The launches of all tasks on one loop. Carries out what core/runner/launch_admission.h decides:
// who may go on now, and what is said of a shortage, to the log and to the tasks that it holds up.
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
  // Whose launches wait here.
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

  // The limit of descriptors (RLIMIT_NOFILE) must have been raised to what it may be by then.
  LaunchQueue(Loop& loop, Deadlines& deadlines);
  ~LaunchQueue();
  LaunchQueue(const LaunchQueue&) = delete;
  LaunchQueue& operator=(const LaunchQueue&) = delete;

  // `task` must leave() before it is destroyed. After leave() nothing is waited for any more.
  Owner join(Task* task);
  void leave(Owner owner);

  // These do as LaunchAdmission's of the same names, for the link's effects and for the reading of
  // a stream. `task->admitted(p)` may be called inside enqueue(), over() and room().
  void enqueue(Owner owner, ProcessIndex p, bool again);
  void dequeue(Owner owner, ProcessIndex p);
  void over(Owner owner, ProcessIndex p, const link::LaunchOver& launch);
  void short_of(Owner owner, ProcessIndex p, Shortage shortage, const std::string& reason);
  void settled(Owner owner, ProcessIndex p) { admission_.settled({owner, p}); }
  void room();
  template <typename Waits>
  void review(Owner owner, const Waits& waits) {
    admission_.review(owner, waits);
  }

  // Whether a descriptor with this number is not to be kept open: few are left.
  bool is_scarce(int descriptor) const {
    return descriptor >= 0 &&
           static_cast<std::uint64_t>(descriptor) >= admission_.limits().scarce_from;
  }

  // At the end of a turn: says what began or ended in it. Returns whether a task was told.
  bool say();

 private:
  void go_on();
  void arm();

  Loop& loop_;
  Deadlines& deadlines_;
  LaunchAdmission admission_;
  std::map<Owner, Task*> tasks_;
  Owner next_owner_ = 1;
  bool going_on_ = false;  // in go_on()
  std::optional<Microseconds> armed_at_;
  std::optional<Deadlines::Key> timer_;
};

}  // namespace thermos
