// Who watches a task go by.
#pragma once

#include <cstdint>
#include <optional>

#include "core/record/frame.h"
#include "core/record/record.h"
#include "core/runner/runner.h"

namespace thermos {

// Watches a task go by. Called on the loop, between turns of the state machine; it must not block.
class TaskObserver {
 public:
  TaskObserver() = default;
  TaskObserver(const TaskObserver&) = delete;
  TaskObserver& operator=(const TaskObserver&) = delete;
  virtual ~TaskObserver() = default;

  // A record was appended and applied; `history` includes it. On a resume the records of earlier
  // runners are not repeated.
  virtual void on_record(const Record& record, const History& history) = 0;
  // The position that the next record is appended with, for who keeps an order of events; 0: none.
  virtual std::uint64_t next_position() { return 0; }
  // The record just appended, as its frame's payload; valid during the call.
  virtual void on_appended(std::uint64_t /*position*/, Bytes /*payload*/) {}

  // The turn is over: for a live line. `now` is the turn's time. Returns the boot time at which it
  // wants to be called again though nothing happens (a countdown on a terminal); nothing: never.
  virtual std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) = 0;
};

}  // namespace thermos
