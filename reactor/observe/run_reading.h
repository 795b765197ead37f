// Reads what a run uses now: from its control group where it has one of its own, else from /proc of
// each process of its tree.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/record/record.h"
#include "reactor/observe/kernel_texts.h"
#include "reactor/observe/sample_ring.h"

namespace thermos::observe {

// Where a run is: its coordinator, and its process once it has one.
struct RunPlace {
  Identity coordinator;
  Identity process;
  bool operator==(const RunPlace&) const = default;
};

// Reads one sample, in steps, so that a run of very many processes holds nobody up. The children of
// a process are those that /proc/PID/task/TID/children names: that costs what the tree has, where a
// look at all of /proc costs what the machine has. Only a kernel without these files makes it look
// at all.
class RunReading {
 public:
  // So many processes of a tree are read; it is a sum over those if there are more.
  static constexpr std::size_t kMostProcesses = 4096;

  explicit RunReading(const RunPlace& place) : place_(place) {}

  // Reads a part. Returns whether that was the last.
  bool step();
  // After that; nothing: the run is not there (any more), or on another machine. Its time is not
  // set.
  const std::optional<Sample>& sample() const { return sample_; }

 private:
  bool begin();
  void add_process(pid_t pid);
  void add_children(pid_t pid, std::uint64_t threads);
  void read_storage(pid_t pid);
  void end();

  RunPlace place_;
  std::optional<Sample> sample_;
  bool begun_ = false;
  GroupDirectories group_;
  bool listed_ = false;  // its members are those of the group
  std::vector<pid_t> left_;
  std::set<pid_t> seen_;
  // Where the kernel doesn't name children: those of each process.
  std::optional<std::multimap<pid_t, pid_t>> children_;
  // Sums over the tree.
  std::uint64_t ticks_ = 0;
  std::uint64_t pages_ = 0;
  StorageBytes storage_;
  bool storage_known_ = false;
  std::uint32_t processes_ = 0;
};

}  // namespace thermos::observe
