// Limits how many launches are under way at a time, over all tasks of a host, and decides what is
// reported when the machine is short of something. It takes events and knows no descriptor and no
// clock; the reactor and the simulator ask it which launch may go on, and write what it reports.
//
// A launch that may not go on yet waits here. It costs no descriptor and is never tried in vain, so
// ten thousand of them need no more than a hundred do. Each task has its own queue, and the tasks
// come in turn: one that starts ten thousand processes does not hold up another that starts one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/times.h"
#include "core/record/record.h"
#include "core/task/graph.h"

namespace thermos {

// Returns whether another launch would meet the shortage as well. A full disk may be that of one
// task.
constexpr bool is_machine_wide(Shortage shortage) {
  return shortage == Shortage::Descriptors || shortage == Shortage::Pids ||
         shortage == Shortage::Memory;
}

struct AdmissionLimits {
  std::uint32_t launches = 64;  // under way at a time
  // The kernel gives the lowest free descriptor. A descriptor with this number or a higher one
  // shows that only a part of them is left, which launches may need: such a descriptor is not kept
  // open.
  std::uint64_t scarce_from = 512;
};
// Returns the limits of a program that may have `descriptors` descriptors (RLIMIT_NOFILE).
AdmissionLimits limits_for_descriptors(std::uint64_t descriptors);

class LaunchAdmission {
 public:
  using Owner = std::uint64_t;  // a task on this host
  struct Launch {
    Owner owner = 0;
    ProcessIndex process = 0;
    bool operator==(const Launch&) const = default;
    bool operator<(const Launch& o) const {
      return owner != o.owner ? owner < o.owner : process < o.process;
    }
  };
  // A report, to be written once: about the machine (no owner) to the log, about a task to its
  // record.
  struct News {
    std::optional<Owner> owner;
    Shortage shortage = Shortage::Other;
    bool over = false;        // the shortage is over
    std::size_t waiting = 0;  // how many launches wait, when the shortage begins
    std::string reason;       // what could not be done, when the shortage begins
  };

  explicit LaunchAdmission(const AdmissionLimits& limits)
      : limits_(limits), window_(limits.launches) {}
  const AdmissionLimits& limits() const { return limits_; }

  // Makes the launch wait for next(): behind the others of its task, or in front of them (`again`)
  // if it was under way already. REQUIRES: the launch does not wait, and is not under way.
  void enqueue(Launch launch, bool again);
  // Removes a launch that is not wanted any more. REQUIRES: it waits.
  void dequeue(Launch launch);
  // Returns a launch that may go on now, which is under way from here on; nothing if none may.
  std::optional<Launch> next(Microseconds now);
  // Notes that the launch is no longer under way. `worked`: there is a coordinator.
  void over(Launch launch, bool worked, Microseconds now);

  // Notes that the machine was short of something for this launch, or for reading what its
  // coordinator wrote.
  void short_of(Launch launch, Shortage shortage, const std::string& reason, Microseconds now);
  // Notes that what failed for this launch works again, or is not wanted any more.
  void settled(Launch launch);
  // Forgets the shortages of the processes of `owner` that don't wait any more, as `waits` tells,
  // up to the first one that does. Takes constant time (amortized).
  template <typename Waits>
  void review(Owner owner, const Waits& waits);
  // Notes that a run has ended and its room is free: the next try may come at once.
  void room(Microseconds now);
  // Forgets a task that is no longer on this host.
  void leave(Owner owner);

  // Returns the boot time at which next() may return a launch although nothing else happens.
  std::optional<Microseconds> wakes_at() const;
  // Returns the reports that are due at the end of a turn.
  std::vector<News> news();

 private:
  struct Task {
    std::map<std::int64_t, ProcessIndex> queue;  // by place
    std::map<ProcessIndex, std::int64_t> places;
    std::array<std::set<ProcessIndex>, kShortages> failed;
    std::optional<Shortage> told;  // the shortage that is on its record
    bool empty() const;
    bool failing(Shortage shortage) const {
      return !failed[static_cast<std::size_t>(shortage)].empty();
    }
    std::size_t waiting(Shortage shortage) const;
  };
  struct State {
    bool said = false;
    std::string reason;  // of the first failure
  };

  void forget_if_empty(std::map<Owner, Task>::iterator task);
  static void settle(Task& task, ProcessIndex process);
  bool fails(Shortage shortage) const;
  void open();
  bool is_over(Shortage shortage) const;
  void tell_machine(Shortage shortage, std::vector<News>& news);
  void tell_task(Owner owner, Task& task, std::vector<News>& news);

  AdmissionLimits limits_;
  std::map<Owner, Task> tasks_;
  std::set<Owner> queued_;  // the tasks with a queue
  Owner last_ = 0;          // the task whose launch next() returned last
  std::int64_t front_ = 0;
  std::int64_t back_ = 1;
  std::set<Launch> under_way_;
  std::uint32_t window_;                  // how many may be under way now
  Microseconds wait_ = 0;                 // from a shortage to the next try
  std::optional<Microseconds> opens_at_;  // no launch goes on before this time
  std::array<State, kShortages> states_;
};

template <typename Waits>
void LaunchAdmission::review(Owner owner, const Waits& waits) {
  const auto task = tasks_.find(owner);
  if (task == tasks_.end()) return;
  for (std::set<ProcessIndex>& failed : task->second.failed) {
    while (!failed.empty() && !waits(*failed.begin())) failed.erase(failed.begin());
  }
  forget_if_empty(task);
}

}  // namespace thermos
