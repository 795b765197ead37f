// A running daemon from outside: who it is, how it was started, and starting it again.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/identity.h"

namespace thermos {

class DaemonProcess {
 public:
  // What /proc tells of `pid`. NotFound when it is no thermos-reactor; NotPermitted when it is
  // another user's.
  static Result<DaemonProcess> of(pid_t pid);

  pid_t pid() const { return pid_; }
  // systemd, or whoever speaks its protocol, starts it again when it dies.
  bool has_a_keeper() const { return has_a_keeper_; }

  // SIGKILL; returns when it is dead.
  Status kill();
  // Starts a daemon with the same arguments, environment, working directory and, where that can be
  // opened again, the same stderr; in a session of its own.
  Status start_again() const;

 private:
  DaemonProcess() = default;

  pid_t pid_ = 0;
  Descriptor pidfd_;
  std::string program_;
  std::string directory_;
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
  Descriptor errors_;
  bool has_a_keeper_ = false;
};

}  // namespace thermos
