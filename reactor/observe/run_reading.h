// Reads the resources that a run uses at this time: from its own control group if it has one, else
// from /proc/PID of each process of its tree.
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

// The processes of a run: its coordinator, and its own process once that was started.
struct RunPlace {
  Identity coordinator;
  Identity process;
  bool operator==(const RunPlace&) const = default;
};

// Reads one sample, in steps, so that a run of very many processes does not hold up the loop. Finds
// a process's children in /proc/PID/task/TID/children, so that the cost depends on the size of the
// tree and not on the number of processes on the machine. Only on a kernel without these files does
// it read all of /proc.
class RunReading {
 public:
  // The limit of processes that are read in a tree. If there are more, the sample is the sum over
  // these.
  static constexpr std::size_t kMostProcesses = 4096;

  explicit RunReading(const RunPlace& place) : place_(place) {}

  // Reads the next part. Returns whether it was the last.
  bool step();
  // The sample, after the last step(); its `time` is not set. Nothing if the run's coordinator is
  // not alive on this machine.
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
  bool listed_ = false;  // the processes are those that the group lists
  std::vector<pid_t> left_;
  std::set<pid_t> seen_;
  // Each process's children, if the kernel has no /proc/PID/task/TID/children.
  std::optional<std::multimap<pid_t, pid_t>> children_;
  // Sums over the tree.
  std::uint64_t ticks_ = 0;
  std::uint64_t pages_ = 0;
  StorageBytes storage_;
  bool storage_known_ = false;
  std::uint32_t processes_ = 0;
};

}  // namespace thermos::observe
