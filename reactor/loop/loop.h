// The libuv loop, and classes that own its handles. Destroying such an object only schedules
// uv_close(); the close callback frees the handle. So an object may be destroyed inside its own
// callback.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <optional>

#include "core/record/record.h"

namespace thermos {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(), or until no active handle is left.
  void run();
  void stop() { uv_stop(&loop_); }
  uv_loop_t* raw() { return &loop_; }

  // Returns the time of this turn. The time is read at the first call in a turn, so that all
  // decisions of the turn use the same time. end_turn() drops it; the owner of the TurnEnd calls
  // that before the loop sleeps.
  Timestamp now();
  void end_turn() { now_.reset(); }
  // Returns the time of this turn, or nothing if nobody has called now() in it.
  const std::optional<Timestamp>& turn() const { return now_; }

 private:
  uv_loop_t loop_{};
  std::optional<Timestamp> now_;
};

// Calls back when a descriptor is readable or writable; at first it watches for readable. Borrows
// the descriptor, which must stay open as long as this lives. An error (POLLERR) is reported, again
// and again, as everything that is watched for: the owner's next read(2) or write(2) returns it.
class Poll {
 public:
  Poll(Loop& loop, int fd, std::function<void(int events)> callback);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // Sets what to watch for: UV_READABLE, UV_WRITABLE or both; 0 pauses the watch.
  void watch(int events);

 private:
  struct State;
  State* state_;
};

// Calls back on the loop each time the signal `signal` comes; several signals at once may be one
// call.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signal, std::function<void()> callback);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct State;
  State* state_;
};

// Calls back in every turn while it is on; the loop does not sleep then. For work done in steps.
class WhileBusy {
 public:
  WhileBusy(Loop& loop, std::function<void()> callback);
  ~WhileBusy();
  WhileBusy(const WhileBusy&) = delete;
  WhileBusy& operator=(const WhileBusy&) = delete;

  void on();
  void off();

 private:
  struct State;
  State* state_;
};

// Calls back once in each turn, before the loop sleeps (uv_prepare_t).
class TurnEnd {
 public:
  TurnEnd(Loop& loop, std::function<void()> callback);
  ~TurnEnd();
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;

 private:
  struct State;
  State* state_;
};

}  // namespace thermos
