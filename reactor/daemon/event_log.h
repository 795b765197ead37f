// The events of the daemon's tasks in one order. The latest are in memory; all are in the tasks'
// own streams, where each record carries its position, so the order survives the daemon.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "capnp/control.h"
#include "core/record/record.h"

namespace thermos {

// An event and the uid of its task's owner, who may see it.
struct OwnedEvent {
  control::Event event;
  std::uint32_t owner = 0;
};

class EventLog {
 public:
  // `file` stores an upper bound of the positions that were used. So a restart continues above them
  // all without reading every stream, and a clock that was set back does not make a position
  // repeat.
  explicit EventLog(std::string file);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Positions rise strictly, and start above `last` and above the bound in the file. They are
  // microseconds of the wall clock, as long as that rises.
  void start_after(std::uint64_t last, Timestamp now);
  std::uint64_t next_position(Timestamp now);
  std::uint64_t last_position() const { return last_; }

  // REQUIRES: its position is above those of all events before.
  void add(OwnedEvent event);

  // The first event after `since` that is still in memory; nullptr if there is none. Valid until
  // the next add().
  const OwnedEvent* first_after(std::uint64_t since) const;
  // Whether all events after `since` are still in memory.
  bool reaches_back_to(std::uint64_t since) const { return since >= forgotten_; }

 private:
  void reserve(std::uint64_t up_to);

  std::string file_;
  std::deque<OwnedEvent> events_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t reserved_ = 0;   // the file allows positions up to here
  std::uint64_t forgotten_ = 0;  // the position of the latest event not in memory
  bool started_ = false;
};

}  // namespace thermos
