// What a coordinator asks of the kernel directly: signals past the C library's reserve, clocks, and
// who is whose child.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos::coordinator {

// Blocks every signal, the two that the C library keeps to itself included, and sets every
// disposition to its default. So nothing but SIGKILL ends the caller, no signal is lost (a blocked
// one stays pending), and a clone starts the same way with nothing pending.
void hold_all_signals();

struct Signal {
  int number = 0;
  std::int32_t sender = 0;  // a pid; 0: the kernel, or one whom our pid namespace does not show
};
// Waits for one of SIGCHLD, SIGTERM and SIGUSR1, all blocked; `timeout` 0 only looks. Nothing when
// the time is over. Without a timeout it waits as long as it takes.
std::optional<Signal> wait_signal(std::optional<Microseconds> timeout);

// Is this process 1, or a user's systemd? Not where process 1 is ours: in a container the runner or
// the daemon may be, and its signals are its own.
bool is_service_manager(std::int32_t pid);

// The beginning of a file that the kernel writes, into `room`; empty when it can't be read.
std::string_view read_small(int directory, const char* name, std::span<char> room);

Timestamp read_clocks();
Microseconds monotonic();

struct StatLine {
  char state = '?';
  std::int32_t parent = 0;
  std::uint64_t ticks = 0;  // start time
};
// Reads a line of /proc/PID/stat. The name in it may hold anything, spaces, parentheses and
// newlines included. Nothing when it is not such a line.
std::optional<StatLine> parse_stat(std::string_view line);
std::optional<StatLine> read_stat(std::int32_t pid);

// The start time of a process, in ticks; 0 when it can't be read.
std::uint64_t start_ticks(std::int32_t pid);

// Sends SIGKILL to every child of the calling process, zombies included, and to nothing else: a pid
// in the list of our children can't be recycled before we reap it. REQUIRES: one thread, and
// nothing is reaped meanwhile.
void kill_children();
// The same for kernels that keep no list of children: looks at every process.
void kill_children_by_scan();

}  // namespace thermos::coordinator
