// Signals processes, and waits for their deaths, through pidfds, so that a signal never reaches
// another process that was given the same pid.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Opens a pidfd for exactly this process (pidfd_open(2)): opens the pid, then compares the start
// time, so a recycled pid is refused. Returns nothing if the process is gone or if no descriptor is
// free. The pidfd becomes readable when the process has died.
std::optional<Descriptor> open_pidfd(const Identity& identity);

// Opens a pidfd for a child of this program that was not reaped. No start time is compared, because
// no other process can have the child's pid.
std::optional<Descriptor> open_child_pidfd(pid_t pid);

// Sends `signal` to exactly this process. Returns false if it is gone or the signal could not be
// sent.
bool send_signal(const Identity& identity, int signal);
bool send_signal(const Descriptor& pidfd, int signal);
// Sends `signal` with `value`, as sigqueue(3) does.
bool send_signal(const Descriptor& pidfd, int signal, int value);
// Blocks until the process has died; only for programs without a loop.
void wait_for_death(const Descriptor& pidfd);

}  // namespace thermos
