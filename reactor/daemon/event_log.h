// What happened to the daemon's tasks, in one order. The latest events are in memory; all of them
// are in the tasks' own streams, where each record bears its position, so the order outlives the
// daemon.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "capnp/control.h"
#include "core/record/record.h"

namespace thermos {

// An event, and whose task it is about: who may be told.
struct OwnedEvent {
  control::Event event;
  std::uint32_t owner = 0;
};

class EventLog {
 public:
  // `file` keeps a position that none before it has reached, so that a restart need not read every
  // stream to go on above them all, and no clock that was set back makes one come twice.
  explicit EventLog(std::string file);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Positions rise, and go on above `last` and above what the file says. They are microseconds of
  // the wall clock where that rises.
  void start_after(std::uint64_t last, Timestamp now);
  std::uint64_t next_position(Timestamp now);
  std::uint64_t last_position() const { return last_; }

  void add(OwnedEvent event);

  // The first event behind `since` that is still in memory; null when there is none. Valid until
  // the next add().
  const OwnedEvent* first_after(std::uint64_t since) const;
  // Whether all there is behind `since` is still in memory.
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
