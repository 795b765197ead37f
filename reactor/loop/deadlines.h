// Timers by CLOCK_BOOTTIME, all on one timerfd (timerfd_create(2)). They count the time of a
// suspend, ignore changes of the wall clock, and are exact to the microsecond; libuv's timers stop
// during a suspend and round to milliseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "core/task/task.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class Deadlines {
 public:
  using Key = std::pair<Microseconds, std::uint64_t>;  // the time, and the order of add()

  explicit Deadlines(Loop& loop);

  // Calls `callback` once when CLOCK_BOOTTIME reaches `at`, in the order of times, and of add() for
  // equal times. cancel() takes the key.
  Key add(Microseconds at, std::function<void()> callback);
  // Does nothing if the timer has fired.
  void cancel(const Key& key);

 private:
  void arm();
  void fire();

  Loop& loop_;
  Descriptor timer_;
  std::map<Key, std::function<void()>> due_;
  std::uint64_t order_ = 0;
  Microseconds armed_ = 0;
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
