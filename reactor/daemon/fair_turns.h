// Shares the loop's time among many clients: each gets a little in every turn, so that no client
// waits for what another asked for.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "reactor/loop/loop.h"

namespace thermos {

// The time limit of a piece of work. The worker checks it after each small step.
class Slice {
 public:
  // `until` is a time of uv_hrtime(), in nanoseconds.
  explicit Slice(std::uint64_t until) : until_(until) {}
  bool over() const { return uv_hrtime() >= until_; }

 private:
  std::uint64_t until_;
};

// One client's place in the queue. Its owner keeps it alive; when it is destroyed, its work is
// dropped.
struct Seat {
  std::uint32_t uid = 0;
  // Works until the slice is over or there is nothing to do now. Returns true if there is more.
  std::function<bool(const Slice& slice)> work;
  bool waiting = false;  // the seat is in the queue
};

// In each turn of the loop every user who has work gets the same time, shared by that user's seats
// in order: a thousand connections of one user cost another user no more time than a single one.
class FairTurns {
 public:
  explicit FairTurns(Loop& loop);

  // Queues the seat, which has work. It is served in one of the loop's next turns.
  void call(const std::shared_ptr<Seat>& seat);
  bool busy() const { return !lines_.empty(); }
  // Called when no seat has work any more.
  std::function<void()> on_rest;

 private:
  using Line = std::deque<std::weak_ptr<Seat>>;
  void take_turn();
  static void serve(Line& line, std::uint64_t until);

  std::map<std::uint32_t, Line> lines_;  // by user
  WhileBusy busy_;
};

}  // namespace thermos
