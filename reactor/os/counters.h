// Counts events inside this program, for its metrics. Like the log, the counters belong to the
// whole program. Only its one thread counts, so counting is a plain addition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/histogram.h"

namespace thermos {

struct Counters {
  Counters();

  Histogram turns;    // durations of the loop's turns
  Histogram commits;  // waits for the disk (fdatasync(2)) of runners' streams
  std::uint64_t stream_bytes = 0;
  std::uint64_t torn_tails = 0;   // torn records at the end of a stream that were cut off
  std::uint64_t compactions = 0;  // streams that were compacted
  std::uint64_t inotify_overflows = 0;
  // Launches that failed because of a shortage and are retried, by errno. 0 means that the errno is
  // unknown.
  std::map<int, std::uint64_t> launch_retries;
  // Runs that were live on record when this program took the lead, by result: see METRICS.md.
  std::map<std::string_view, std::uint64_t> adoptions;
  std::uint64_t connections = 0;  // open now
  // Requests, by kind and by the kind of the first answer.
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> requests;
  std::uint64_t subscribers_dropped = 0;  // their connection ended before they had all events
};

// Returns this program's counters.
Counters& counters();

}  // namespace thermos
