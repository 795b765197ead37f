// A unit of systemd's that is made on the spot, holds processes and has a control group that is
// ours to divide.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/base/result.h"

namespace thermos {

struct ScopeRequest {
  std::string name;      // ends in ".scope"
  std::string slice;     // where its group stands
  pid_t process = 0;     // its first; it ends with the last
  bool of_user = false;  // of the user's systemd, not of the machine's
};

// Asks systemd and waits until it is done; blocks, some milliseconds mostly and five seconds at
// most.
Status start_scope(const ScopeRequest& request);

}  // namespace thermos
