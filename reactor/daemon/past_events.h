// Events that are not in memory any more, out of the tasks' streams, in the order in which they
// happened. Never more than a few of each stream are in memory.
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
  // A task's stream, and a position before which nothing in it lies. It is not opened before then.
  struct Source {
    std::string task_id;
    std::uint64_t first = 0;
  };

  // Events behind `since`, up to `until`: all of those must be on record.
  PastEvents(const Paths& paths, std::vector<Source> sources, std::uint64_t since,
             std::uint64_t until);
  ~PastEvents();
  PastEvents(const PastEvents&) = delete;
  PastEvents& operator=(const PastEvents&) = delete;

  // A small step; the next event in order, if it gave one. What lies behind damage in a stream is
  // left out; what lies before it is true all the same.
  std::optional<control::Event> step();
  // Those were all.
  bool done() const { return sources_.empty() && streams_.empty(); }

 private:
  class Stream;

  void open(const Source& source);
  void put_back(std::unique_ptr<Stream> stream);

  const Paths& paths_;
  std::vector<Source> sources_;  // the next to be opened is the last
  std::uint64_t since_;
  std::uint64_t until_;
  std::vector<std::unique_ptr<Stream>>
      streams_;  // a heap: the one with the earliest event in front
};

}  // namespace thermos
