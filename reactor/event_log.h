// What happened to the daemon's tasks, in one order. The latest events are in memory; all of them
// are in the tasks' own streams, where each record bears its position, so the order outlives the
// daemon.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "capnp/control.h"
#include "core/paths.h"
#include "core/record.h"

namespace thermos {

class EventLog {
 public:
  // Positions rise, and go on above `last`, the highest that any stream holds. They are
  // microseconds of the wall clock where that rises, so that a restarted daemon need not know the
  // last one exactly.
  void start_after(std::uint64_t last);
  std::uint64_t next_position(Now now);
  std::uint64_t last_position() const { return last_; }

  void add(std::uint64_t position, std::string_view task_id, Bytes payload);

  // Events behind `since` that are still in memory, in order.
  std::vector<const control::Event*> after(std::uint64_t since) const;
  // Whether after(since) is all there is behind `since`.
  bool reaches_back_to(std::uint64_t since) const { return since >= forgotten_; }

 private:
  std::deque<control::Event> events_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t forgotten_ = 0;  // the position of the latest event not in memory
};

// The events of one task's stream on the disk behind `since`; what can't be read is left out.
// `highest` becomes the highest position seen, if that is higher.
std::vector<control::Event> events_on_disk(const Paths& paths, const std::string& task_id,
                                           std::uint64_t since, std::uint64_t& highest);

}  // namespace thermos
