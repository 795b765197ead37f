// The one libuv loop, and its handles as owners. A handle is freed by libuv's close callback, never
// before: destroying a wrapper only schedules that, so it may happen inside the handle's own
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

  // Runs until stop(), or until nothing is left that could call back.
  void run();
  void stop() { uv_stop(&loop_); }
  uv_loop_t* raw() { return &loop_; }

  // The time of this turn: read once, at the first call of a turn, so that all decisions of a turn
  // agree. end_turn() forgets it; whoever owns the turn's end calls that before the loop sleeps.
  Timestamp now();
  void end_turn() { now_.reset(); }

 private:
  uv_loop_t loop_{};
  std::optional<Timestamp> now_;
};

// Calls back when a descriptor is readable (or writable, when asked). Does not own the descriptor,
// which must stay open as long as this lives.
class Poll {
 public:
  Poll(Loop& loop, int fd, std::function<void(int events)> callback);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // UV_READABLE, UV_WRITABLE or both; 0: not for now.
  void watch(int events);

 private:
  struct State;
  State* state_;
};

// Calls back for a signal.
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

// Calls back in every turn while it is on, and then the loop never sleeps: for work that goes on.
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

// Calls back once a turn, before the loop sleeps.
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
