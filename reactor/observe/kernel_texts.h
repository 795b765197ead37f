// Parses the kernel's files about processes and control groups. Pure: the functions read texts, not
// files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thermos::observe {

// A line of /proc/PID/stat (proc(5)). Times are in clock ticks.
struct ProcessLine {
  pid_t parent = 0;
  char state = '?';       // 'Z': it has ended, and nobody has waited for it
  std::uint64_t own = 0;  // CPU time of its threads
  // CPU time of the children that it has waited for, and of the children that these waited for.
  std::uint64_t waited = 0;
  std::uint64_t threads = 0;
  std::uint64_t start = 0;
  std::uint64_t pages = 0;  // resident
  bool operator==(const ProcessLine&) const = default;
};
// Returns nothing if the text is no such line. The process's name in it may contain any characters.
std::optional<ProcessLine> parse_process_line(std::string_view text);

// Bytes that were read from storage devices and written to them.
struct StorageBytes {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  bool operator==(const StorageBytes&) const = default;
};
// Parses /proc/PID/io.
std::optional<StorageBytes> parse_process_io(std::string_view text);
// Parses io.stat (cgroup v2) or blkio.throttle.io_service_bytes (v1), and returns the sums over all
// devices.
StorageBytes parse_group_io(std::string_view text);

// Parses the pids in /proc/PID/task/TID/children or cgroup.procs, up to the first word that is no
// pid.
std::vector<pid_t> parse_pids(std::string_view text);

// Returns the number in the line "KEY NUMBER".
std::optional<std::uint64_t> value_of(std::string_view text, std::string_view key);

// Parses a text that is one number, perhaps with a newline at its end.
std::optional<std::uint64_t> parse_number(std::string_view text);

// A mount of control groups (/proc/PID/mountinfo).
struct GroupMount {
  std::string point;
  std::string root;         // the group that is at the mount point
  std::string controllers;  // of v1: "cpu,cpuacct"; empty: v2
  bool operator==(const GroupMount&) const = default;
};
std::vector<GroupMount> parse_group_mounts(std::string_view mountinfo);

// Finds a process's group in the text of its /proc/PID/cgroup: the group in the hierarchy of the v1
// controller `controller`, or in the v2 hierarchy if that is "".
std::optional<std::string> group_in(std::string_view cgroups, std::string_view controller);

// The directories of a run's own control group. A path is empty if the run has no group of its own
// there.
struct GroupDirectories {
  std::string unified;  // v2
  // v1
  std::string cpu;
  std::string memory;
  std::string io;
  // A directory whose cgroup.procs lists the group's members.
  const std::string& members() const {
    return !unified.empty() ? unified : !cpu.empty() ? cpu : memory;
  }
  bool operator==(const GroupDirectories&) const = default;
};
// `process` and `coordinator` are the texts of their /proc/PID/cgroup. A coordinator is never in a
// run's group, so a group that it shares with the process is not the run's own.
GroupDirectories own_group(const std::vector<GroupMount>& mounts, std::string_view process,
                           std::string_view coordinator);

}  // namespace thermos::observe
