// A running daemon, for another program that kills it and starts it again in the same way. `thermos
// drill` uses this.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/identity.h"

namespace thermos {

class DaemonProcess {
 public:
  // Reads /proc/`pid`. Fails with NotFound if the process is no thermos-reactor, NotPermitted if it
  // belongs to another user.
  static Result<DaemonProcess> of(pid_t pid);

  pid_t pid() const { return pid_; }
  // Whether a service manager that sets NOTIFY_SOCKET (systemd) restarts it when it dies.
  bool has_a_keeper() const { return has_a_keeper_; }

  // Sends SIGKILL and blocks until it is dead. Fails with NotPermitted or System.
  Status kill();
  // Starts a daemon with the same arguments, environment and working directory, in a new session.
  // Its stderr is the same file if that can be opened again, else /dev/null. Fails with System.
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
