// Timers by the boot clock, all on one timerfd: right across suspend, untouched by whoever sets the
// wall clock, and exact to the microsecond where libuv's own round to the millisecond.
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
  using Key = std::pair<Microseconds, std::uint64_t>;  // when, and in which order asked

  explicit Deadlines(Loop& loop);

  // Calls `callback` once when the boot clock reaches `at`. The key cancels it.
  Key add(Microseconds at, std::function<void()> callback);
  // Harmless when it has fired.
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
