// Work for many askers on one loop, a little of each in every turn, so that nobody waits for what
// another asked for.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "reactor/loop/loop.h"

namespace thermos {

// How long a piece of work may go on. Who works asks when a small step is done.
class Slice {
 public:
  // `until` by uv_hrtime(), in nanoseconds.
  explicit Slice(std::uint64_t until) : until_(until) {}
  bool over() const { return uv_hrtime() >= until_; }

 private:
  std::uint64_t until_;
};

// One asker's place. Whoever owns it keeps it alive; when it goes its work is forgotten.
struct Seat {
  std::uint32_t uid = 0;
  // Does some, until the slice is over or nothing is left to do now; true: there is more.
  std::function<bool(const Slice& slice)> work;
  bool waiting = false;  // has been called, and its turn is still to come
};

// A turn of the loop gives every user who waits the same time, and in it the user's seats one after
// another: a thousand connections of one user are no more to another user than one.
class FairTurns {
 public:
  explicit FairTurns(Loop& loop);

  // The seat has work. Its turn comes in one of the next turns of the loop.
  void call(const std::shared_ptr<Seat>& seat);
  bool busy() const { return !lines_.empty(); }
  // Nobody waits any more.
  std::function<void()> on_rest;

 private:
  using Line = std::deque<std::weak_ptr<Seat>>;
  void take_turn();
  static void serve(Line& line, std::uint64_t until);

  std::map<std::uint32_t, Line> lines_;  // by user
  WhileBusy busy_;
};

}  // namespace thermos
