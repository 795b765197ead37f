// A command line that runs as a child of this program.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

struct ShellChild {
  pid_t pid = 0;
  Descriptor in;   // our end of its standard input
  Descriptor out;  // of its standard output
  Descriptor err;  // of its standard error
};

// Starts /bin/sh with `command`, in a session of its own, so that a Ctrl-C for us does not reach
// it. The caller watches the pid. Fails with System.
Result<ShellChild> start_shell(const std::string& command);

}  // namespace thermos
