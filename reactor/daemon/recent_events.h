// The events of all tasks of the daemon, in one order. The latest events are in memory. All events
// are in the tasks' own streams, where each record has its position, so the order survives the
// daemon.
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
  // `file` stores an upper bound of the positions that were used. So a restart continues above all
  // of them without reading every stream, and positions do not repeat after the clock was set back.
  explicit EventLog(std::string file);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Makes positions start above `last` and above the bound in the file. Each position is higher
  // than the one before. Positions are the microseconds of the wall clock, as long as that rises.
  void start_after(std::uint64_t last, Timestamp now);
  std::uint64_t next_position(Timestamp now);
  std::uint64_t last_position() const { return last_; }

  // Adds an event. REQUIRES: its position is higher than that of every event before.
  void add(OwnedEvent event);

  // Returns the first event in memory after the position `since`; nullptr if there is none. Valid
  // until the next add().
  const OwnedEvent* first_after(std::uint64_t since) const;
  // Whether all events after the position `since` are still in memory.
  bool reaches_back_to(std::uint64_t since) const { return since >= forgotten_; }

 private:
  void reserve(std::uint64_t up_to);

  std::string file_;
  std::deque<OwnedEvent> events_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t reserved_ = 0;   // the bound in the file
  std::uint64_t forgotten_ = 0;  // the position of the latest event that was dropped from memory
  bool started_ = false;
};

}  // namespace thermos
