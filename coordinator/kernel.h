// System calls and /proc files that a coordinator uses directly: all signals, the two that the C
// library reserves among them, clocks, process parents and start times.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos::coordinator {

// Blocks every signal, the two that the C library reserves (nptl(7)) included, and sets every
// disposition to its default. So only SIGKILL ends the caller, no signal is lost (a blocked signal
// stays pending), and a clone inherits this and starts without pending signals.
void hold_all_signals();

struct Signal {
  int number = 0;
  std::int32_t sender = 0;  // a pid; 0: the kernel, or a process outside of our pid namespace
  int instead = 0;          // SIGTERM: the signal to pass on (sigqueue(3)); 0: the usual one
};
// The signals that a coordinator takes.
inline constexpr int kSignalsTaken[] = {SIGCHLD, SIGTERM, SIGUSR1, SIGIO, SIGALRM};
// Takes one of these signals, which must be blocked (sigtimedwait(2)). With timeout 0 it does not
// wait; without a timeout it waits until a signal comes. Returns nothing when the time is over or,
// with a timeout, when the call was interrupted (EINTR); so the caller must look at the clock.
std::optional<Signal> wait_signal(std::optional<Microseconds> timeout);

// Whether `pid` is a program that ends all processes of a machine, a session or a job with its own
// signals: process 1, a user's systemd, slurmstepd of Slurm or sge_shepherd of Grid Engine. Returns
// false for a process 1 that is one of our own programs, as the runner or the daemon may be in a
// container.
bool is_engine(std::int32_t pid);

// Reads the file `name` in `directory` (a descriptor, or AT_FDCWD) with one read(2) into `room`,
// and returns a view of what was read. Returns an empty view when the file cannot be read.
std::string_view read_small(int directory, const char* name, std::span<char> room);

// Returns the time by CLOCK_REALTIME and by CLOCK_BOOTTIME.
Timestamp read_clocks();
// Returns the time by CLOCK_MONOTONIC, which stands still during a suspend.
Microseconds monotonic();

struct StatLine {
  char state = '?';
  std::int32_t parent = 0;
  std::uint64_t ticks = 0;  // start time in clock ticks since boot, field 22 of the line
};
// Parses a line of /proc/PID/stat (proc(5)); returns nothing when it is not such a line. The
// process name in it may contain any byte: spaces, parentheses and newlines too.
std::optional<StatLine> parse_stat(std::string_view line);
// Reads and parses /proc/PID/stat. Returns nothing when there is no such process.
std::optional<StatLine> read_stat(std::int32_t pid);

// Returns the start time of a process in clock ticks; 0 when there is no such process.
std::uint64_t start_ticks(std::int32_t pid);

// Sends SIGKILL to every child of the calling process, zombies included, and to no other process.
// Children are read from /proc/thread-self/children; a pid in that list is not recycled before the
// caller reaps it. REQUIRES: one thread, and no child is reaped meanwhile.
void kill_children();
// Does the same on kernels without that file (CONFIG_PROC_CHILDREN), by looking at every process.
void kill_children_by_scan();

}  // namespace thermos::coordinator
