// How many launches are under way at a time, over all tasks of a host, and what is said when the
// machine is short of something. It takes events and knows no descriptor and no clock; the reactor
// and the simulator ask it who may go on, and say what it has to say.
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

// Whether another launch would meet it as well. A full disk may be that of one task.
constexpr bool is_machine_wide(Shortage shortage) {
  return shortage == Shortage::Descriptors || shortage == Shortage::Pids ||
         shortage == Shortage::Memory;
}

struct AdmissionLimits {
  std::uint32_t launches = 64;  // under way at a time
  // The kernel gives the lowest free descriptor. One with this number or a higher one shows that
  // only a part is left, which launches may need: it is not kept open.
  std::uint64_t scarce_from = 512;
};
// What a program may do that may have `descriptors` of them (RLIMIT_NOFILE).
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
  // Something to be said, once. Of the machine (no owner): in its log. Of a task: on its record.
  struct News {
    std::optional<Owner> owner;
    Shortage shortage = Shortage::Other;
    bool over = false;
    std::size_t waiting = 0;  // launches that wait, when it began
    std::string reason;       // what could not be done, when it began
  };

  explicit LaunchAdmission(const AdmissionLimits& limits)
      : limits_(limits), window_(limits.launches) {}
  const AdmissionLimits& limits() const { return limits_; }

  // It waits for next(): behind the others of its task, or in front of them (`again`) if it was
  // under way already. REQUIRES: it does not wait, and is not under way.
  void enqueue(Launch launch, bool again);
  // It is not wanted any more. REQUIRES: it waits.
  void dequeue(Launch launch);
  // A launch that may go on now, and is under way from here on.
  std::optional<Launch> next(Microseconds now);
  // It is under way no more. `worked`: there is a coordinator.
  void over(Launch launch, bool worked, Microseconds now);

  // The machine was short of something for this launch, or for reading what its coordinator wrote.
  void short_of(Launch launch, Shortage shortage, const std::string& reason, Microseconds now);
  // That works again, or is not wanted any more.
  void settled(Launch launch);
  // Forgets those of `owner` that don't wait any more, as `waits` tells, before one that does.
  // Takes constant time (amortized).
  template <typename Waits>
  void review(Owner owner, const Waits& waits);
  // A run has ended, and what it had is free.
  void room(Microseconds now);
  // A task is not on this host any more.
  void leave(Owner owner);

  // When next() may have a launch although nothing else happens: a boot time.
  std::optional<Microseconds> wakes_at() const;
  // What there is to be said, at the end of a turn.
  std::vector<News> news();

 private:
  struct Task {
    std::map<std::int64_t, ProcessIndex> queue;  // by place
    std::map<ProcessIndex, std::int64_t> places;
    std::array<std::set<ProcessIndex>, kShortages> failed;
    std::optional<Shortage> told;  // on its record
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
  std::set<Owner> queued_;  // with a queue
  Owner last_ = 0;          // whose launch next() gave last
  std::int64_t front_ = 0;
  std::int64_t back_ = 1;
  std::set<Launch> under_way_;
  std::uint32_t window_;                  // how many may be under way now
  Microseconds wait_ = 0;                 // from a shortage to the next try
  std::optional<Microseconds> opens_at_;  // none goes on before
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
