// Waits for a daemon's socket. Blocking, for programs without a loop.
#pragma once

#include <string>

#include "core/base/times.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Notices, from its construction on, that a socket appears at a path, or that its mode changes: it
// may listen now. An event between two waits ends the second one at once. If inotify is not
// available, only the timeout ends a wait.
class SocketWatch {
 public:
  explicit SocketWatch(const std::string& path);

  // Blocks until that happens. Returns false if it does not before the boot time `until`
  // (microseconds).
  bool wait(Microseconds until);

 private:
  bool watch();
  // Reads the waiting events. Returns true if one of them concerns the socket.
  bool take_events();

  std::string directory_;
  std::string name_;
  Descriptor inotify_;
  bool watches_ = false;  // not while there is no such directory
};

}  // namespace thermos
