// The interface through which a terminal or the daemon observes a task.
#pragma once

#include <cstdint>
#include <optional>

#include "core/record/frame.h"
#include "core/record/record.h"
#include "core/runner/runner.h"

namespace thermos {

// Observes a task. It is called on the loop, between turns of the state machine, and must not
// block.
class TaskObserver {
 public:
  TaskObserver() = default;
  TaskObserver(const TaskObserver&) = delete;
  TaskObserver& operator=(const TaskObserver&) = delete;
  virtual ~TaskObserver() = default;

  // A record was appended and applied; `history` includes it. At a resume, the records of earlier
  // runners are not repeated.
  virtual void on_record(const Record& record, const History& history) = 0;
  // Returns the position for the next record, if the observer keeps an order of events; 0 for no
  // position.
  virtual std::uint64_t next_position() { return 0; }
  // A record with a position was written. `payload` is the record's payload; valid during the call.
  virtual void on_appended(std::uint64_t /*position*/, Bytes /*payload*/) {}

  // The turn is over, at the time `now`. Returns the boot time at which the observer wants to be
  // called again even if nothing happens (a countdown on a terminal), or nothing.
  virtual std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) = 0;
};

}  // namespace thermos
