// What this program counts of itself. Like its log, it belongs to the whole program; the one thread
// counts, and counting is an addition.
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

  Histogram turns;    // of the loop: from its time to its end
  Histogram commits;  // from fdatasync(2)'s call to its return, of runners' streams
  std::uint64_t stream_bytes = 0;
  std::uint64_t torn_tails = 0;   // that were cut off
  std::uint64_t compactions = 0;  // of streams
  std::uint64_t inotify_overflows = 0;
  // Launches that came to nothing for a shortage and are tried again, by errno; 0: it is not known.
  std::map<int, std::uint64_t> launch_retries;
  // Runs that were live on record when this program took the lead: see METRICS.md.
  std::map<std::string_view, std::uint64_t> adoptions;
  std::uint64_t connections = 0;  // that are open
  // By the request's kind and the first answer to it.
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> requests;
  std::uint64_t subscribers_dropped = 0;  // whose connection ended before they had all events
};

// Those of this program.
Counters& counters();

}  // namespace thermos
