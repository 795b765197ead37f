// Passes the daemon's events to its clients. An event is published at the end of the turn in which
// its record was appended, when the record is durable.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "reactor/daemon/recent_events.h"

namespace thermos {

class EventFeed {
 public:
  // `file`: as for EventLog.
  explicit EventFeed(std::string file) : log_(std::move(file)) {}

  // Called before the first event. Positions continue above `last`.
  void start_after(std::uint64_t last, Timestamp now);
  std::uint64_t next_position(Timestamp now) { return log_.next_position(now); }
  // Adds an event of this turn; publish() makes it visible. The events of a turn may be added in
  // any order.
  void add(OwnedEvent event) { turn_events_.push_back(std::move(event)); }
  // Called at the end of a turn: publishes the turn's events of all tasks, in the order of their
  // positions, so that a client that has seen a position has seen all earlier ones.
  void publish();

  // Calls `call` at the end of this turn, after its events were published and before any event of
  // the next turn. At that moment every event that has a position is durable.
  void at_turn_end(std::function<void()> call);
  // Called after events were published, with the users whose tasks they concern.
  std::function<void(const std::set<std::uint32_t>& owners)> on_events;

  // The position of the latest published event; everything up to it is durable.
  std::uint64_t told_position() const { return told_; }
  std::uint64_t last_position() const { return log_.last_position(); }
  // The published events that are still in memory.
  const EventLog& log() const { return log_; }

 private:
  EventLog log_;
  std::uint64_t told_ = 0;
  std::vector<OwnedEvent> turn_events_;  // added in this turn
  std::vector<std::function<void()>> at_turn_end_;
};

}  // namespace thermos
