// What files of the kernel say of processes and control groups. Pure: it reads texts, not files.
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
  char state = '?';          // 'Z': it has ended, and nobody has waited for it
  std::uint64_t own = 0;     // CPU time of its threads
  std::uint64_t waited = 0;  // that of the children that it has waited for, and of theirs
  std::uint64_t threads = 0;
  std::uint64_t start = 0;
  std::uint64_t pages = 0;  // resident
  bool operator==(const ProcessLine&) const = default;
};
// Nothing if it is no such line. The name in it may contain anything.
std::optional<ProcessLine> parse_process_line(std::string_view text);

// Bytes that reached the storage, or came from there.
struct StorageBytes {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  bool operator==(const StorageBytes&) const = default;
};
// Of /proc/PID/io.
std::optional<StorageBytes> parse_process_io(std::string_view text);
// Of io.stat (cgroup v2), or of blkio.throttle.io_service_bytes (v1): over all devices.
StorageBytes parse_group_io(std::string_view text);

// The pids of /proc/PID/task/TID/children, or of cgroup.procs. What is none ends them.
std::vector<pid_t> parse_pids(std::string_view text);

// The number of the line "KEY NUMBER".
std::optional<std::uint64_t> value_of(std::string_view text, std::string_view key);

// The number that is all of the text, but for an end of line.
std::optional<std::uint64_t> parse_number(std::string_view text);

// Where control groups are mounted (/proc/PID/mountinfo).
struct GroupMount {
  std::string point;
  std::string root;         // the group that is there
  std::string controllers;  // of v1: "cpu,cpuacct"; empty: v2
  bool operator==(const GroupMount&) const = default;
};
std::vector<GroupMount> parse_group_mounts(std::string_view mountinfo);

// The group of a process, in the hierarchy of one controller of v1, or ("") in that of v2: from
// /proc/PID/cgroup.
std::optional<std::string> group_in(std::string_view cgroups, std::string_view controller);

// The directories of a run's own control group; empty where it has none.
struct GroupDirectories {
  std::string unified;  // v2
  // v1
  std::string cpu;
  std::string memory;
  std::string io;
  // One in which its members are listed.
  const std::string& members() const {
    return !unified.empty() ? unified : !cpu.empty() ? cpu : memory;
  }
  bool operator==(const GroupDirectories&) const = default;
};
// `process` and `coordinator` are the texts of their /proc/PID/cgroup. A coordinator is in no group
// of a run, so that one in which it is is not the run's own.
GroupDirectories own_group(const std::vector<GroupMount>& mounts, std::string_view process,
                           std::string_view coordinator);

}  // namespace thermos::observe
