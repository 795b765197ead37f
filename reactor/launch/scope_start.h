// Starts a transient scope of systemd (systemd.scope(5)), whose control group is delegated to us.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/base/result.h"

namespace thermos {

struct ScopeRequest {
  std::string name;      // ends in ".scope"
  std::string slice;     // the slice that contains it
  pid_t process = 0;     // its first process; the scope ends with its last one
  bool of_user = false;  // ask the user's systemd, not the system's
};

// Asks systemd over D-Bus and blocks until the scope is started: usually some milliseconds, at most
// five seconds.
Status start_scope(const ScopeRequest& request);

}  // namespace thermos
