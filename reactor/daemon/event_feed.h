// The daemon's events on their way to its clients: an event is told at the end of the turn in which
// it was appended, when its record is on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "reactor/daemon/event_log.h"

namespace thermos {

class EventFeed {
 public:
  // `file`: as EventLog's.
  explicit EventFeed(std::string file) : log_(std::move(file)) {}

  // Before the first event: positions go on above `last`.
  void start_after(std::uint64_t last, Timestamp now);
  std::uint64_t next_position(Timestamp now) { return log_.next_position(now); }
  // It is told when the turn is over.
  void add(OwnedEvent event) { fresh_.push_back(std::move(event)); }
  // The turn is over: tells its events, of all tasks in one order, so that a client that has seen a
  // position has seen all before it.
  void publish();

  // Calls back when this turn's events have been told, and none of the next turn's: then all that
  // has a position lasts.
  void at_turn_end(std::function<void()> call);
  // Called when there is news that lasts: events of tasks of these users.
  std::function<void(const std::set<std::uint32_t>& owners)> on_events;

  // All that lasts has a position up to this one.
  std::uint64_t told_position() const { return told_; }
  std::uint64_t last_position() const { return log_.last_position(); }
  // Those that were told and are still in memory.
  const EventLog& log() const { return log_; }

 private:
  EventLog log_;
  std::uint64_t told_ = 0;
  std::vector<OwnedEvent> fresh_;  // of this turn
  std::vector<std::function<void()>> at_turn_end_;
};

}  // namespace thermos
