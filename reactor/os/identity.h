// Identifies processes by pid and start time, since the kernel recycles pids, and this boot.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/record.h"

namespace thermos {

// Fields of /proc/PID/stat (proc(5)).
struct ProcessStat {
  Identity identity;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';  // 'Z': a zombie
};

// Returns nothing if the process does not exist (any more) or its stat file cannot be read.
std::optional<ProcessStat> read_stat(pid_t pid);
// Returns all processes, zombies included. Returns nothing if /proc cannot be opened, or if a
// shortage (of descriptors, for example) keeps it from reading one of them.
std::optional<std::vector<ProcessStat>> list_processes();

// Returns the file name of the program that a process runs, with " (deleted)" at its end if an
// upgrade replaced the file. Returns an empty string if the process is gone, or if this program may
// not read its link /proc/PID/exe.
std::string program_of(pid_t pid);

// Returns the id of this boot (random(4)). If /proc/sys is hidden, as in some containers, returns
// an id of this pid namespace instead, which stays the same while the namespace exists: pids mean
// nothing outside of it. Fails with System if /proc is not mounted.
Result<BootId> read_boot_id();

}  // namespace thermos
