// Reads events that are not in memory any more from the tasks' streams, in the order of their
// positions. Holds only a few events of each stream in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "core/record/paths.h"

namespace thermos {

class PastEvents {
 public:
  // A task whose stream holds no event before the position `first`. The stream is opened only when
  // that position is reached.
  struct Source {
    std::string task_id;
    std::uint64_t first = 0;
  };

  // Reads the events after the position `since`, up to and including `until`. REQUIRES: all of
  // these are recorded.
  PastEvents(const Paths& paths, std::vector<Source> sources, std::uint64_t since,
             std::uint64_t until);
  ~PastEvents();
  PastEvents(const PastEvents&) = delete;
  PastEvents& operator=(const PastEvents&) = delete;

  // Does a small step. Returns the next event in order, if the step found one. The events of a
  // stream that come after a corrupt record are left out.
  std::optional<control::Event> step();
  // Whether all events were returned.
  bool done() const { return sources_.empty() && streams_.empty(); }

 private:
  class Stream;

  void open(const Source& source);
  void put_back(std::unique_ptr<Stream> stream);

  const Paths& paths_;
  std::vector<Source> sources_;  // the last one is opened next
  std::uint64_t since_;
  std::uint64_t until_;
  std::vector<std::unique_ptr<Stream>>
      streams_;  // a heap with the stream that has the earliest event in front
};

}  // namespace thermos
