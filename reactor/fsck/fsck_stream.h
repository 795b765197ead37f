// The check of one stream by itself, a runner's or a coordinator's. It only reads.
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
  bool not_a_stream = false;  // not opened, or no regular file
  bool unreadable = false;
  bool corrupt = false;
  bool torn = false;              // it has a torn tail, and no writer
  bool locked = false;            // another held its lock after the reading
  std::vector<Finding> findings;  // without the task's id
  bool whole() const { return !missing && !unreadable && !corrupt; }
};

struct CoordinatorReading {
  StreamReading stream;
  std::string process;
  std::vector<SeenTransition> transitions;
};

// Reads the stream at `path` and gives each record, with its offset, to `take`; what that refuses
// is a finding. `ours`: the caller holds its lock.
StreamReading check_stream(const std::string& path, bool ours,
                           const std::function<Status(const Record&, std::size_t offset)>& take);

// The same of the stream of a process's coordinator, by the rules that it has to keep by itself.
CoordinatorReading check_coordinator_stream(const std::string& path, std::string process);

}  // namespace thermos
