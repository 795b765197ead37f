// Who a process is, beyond a pid that the kernel hands out again: reading /proc, and signalling
// only whom one meant.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// What /proc/PID/stat tells of a process.
struct ProcessStat {
  Identity identity;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';  // 'Z': a zombie
};

// Nothing when there is no such process (any more).
std::optional<ProcessStat> read_stat(pid_t pid);
// All processes there are, zombies included.
std::vector<ProcessStat> list_processes();

// The file name of the program that a process runs, " (deleted)" behind it when an upgrade took its
// place; empty when the process is gone, or not ours to look at.
std::string program_of(pid_t pid);

// This boot's id, as the kernel says.
Result<BootId> read_boot_id();

// A descriptor for exactly this process: opened by pid, then checked against its start time, so
// that a recycled pid is refused. Nothing when that process is gone. Readable when it has died.
std::optional<Descriptor> open_pidfd(const Identity& identity);

// Sends `signal` to exactly this process; false when it is gone.
bool send_signal(const Identity& identity, int signal);
bool send_signal(const Descriptor& pidfd, int signal);
// Blocks until the process has died. For programs without a loop.
void wait_for_death(const Descriptor& pidfd);

}  // namespace thermos
