// What a running program has cost so far.
#pragma once

#include <sys/types.h>

namespace thermos::bench {

struct Cost {
  double seconds = 0;  // of processor time
  long kibibytes = 0;  // resident
};

Cost cost_of(pid_t pid);

}  // namespace thermos::bench
