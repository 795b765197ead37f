// Checks one stream by itself, a runner's or a coordinator's. Only reads.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/fsck/fsck.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

// One transition of a coordinator's stream, with its offset.
struct SeenTransition {
  ProcessStatus status;  // process and reason are empty
  std::size_t offset = 0;
};

// The result of reading one stream to its end.
struct StreamReading {
  std::string path;
  StreamPosition position;
  std::size_t records = 0;
  bool missing = false;
  bool not_a_stream = false;  // missing, not opened, or not a regular file
  bool unreadable = false;
  bool corrupt = false;
  bool torn = false;              // the stream has a torn tail, and no writer
  bool locked = false;            // someone else held its lock after the reading
  std::vector<Finding> findings;  // without the task's id
  bool whole() const { return !missing && !unreadable && !corrupt; }
};

struct CoordinatorReading {
  StreamReading stream;
  std::string process;
  std::vector<SeenTransition> transitions;
};

// Reads the stream at `path` and passes each record, with its offset, to `take`. An error of `take`
// becomes a finding. `ours` means that the caller holds the stream's lock.
StreamReading check_stream(const std::string& path, bool ours,
                           const std::function<Status(const Record&, std::size_t offset)>& take);

// Checks the stream of a process's coordinator in the same way, by the rules that apply to such a
// stream alone, without the runner's.
CoordinatorReading check_coordinator_stream(const std::string& path, std::string process);

}  // namespace thermos
