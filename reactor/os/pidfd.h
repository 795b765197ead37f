// Signals processes, and waits for their deaths, through pidfds, so that a signal never reaches
// another process that got the same pid.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Opens a pidfd for exactly this process (pidfd_open(2)): it opens the pid, then compares the start
// time, so a recycled pid is refused. Returns nothing if the process is gone, or if no descriptor
// can be had. The pidfd is readable when the process has died.
std::optional<Descriptor> open_pidfd(const Identity& identity);

// The same for a child of ours that was not reaped: nobody else can have its pid.
std::optional<Descriptor> open_child_pidfd(pid_t pid);

// Sends `signal` to exactly this process. False if it is gone or the signal could not be sent.
bool send_signal(const Identity& identity, int signal);
bool send_signal(const Descriptor& pidfd, int signal);
// The same with a value that goes with it, as sigqueue(3) sends one.
bool send_signal(const Descriptor& pidfd, int signal, int value);
// Blocks until the process has died; only for programs without a loop.
void wait_for_death(const Descriptor& pidfd);

}  // namespace thermos
