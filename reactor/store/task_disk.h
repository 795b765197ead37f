// What a task takes on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/os/as_user.h"
#include "reactor/os/disk_use.h"

namespace thermos {

// In bytes, by blocks.
struct TaskDisk {
  std::uint64_t stream = 0;              // its checkpoint directory
  std::uint64_t logs = 0;                // its log directory
  std::optional<std::uint64_t> sandbox;  // that the daemon made, without the logs in it
  std::uint64_t total() const { return stream + logs + sandbox.value_or(0); }
};

// Finds it a little at a time.
class TaskDiskUse {
 public:
  // `history`: what is on record of the task; nullptr: nothing.
  TaskDiskUse(const Paths& paths, const std::string& task_id, const History* history);

  // Looks at one file. REQUIRES: not done().
  void step();
  bool done() const { return next_ == parts_.size(); }
  TaskDisk found() const { return found_; }

 private:
  enum class Part : std::uint8_t { Stream, Logs, Sandbox };
  struct Counting {
    Part part;
    DiskUse use;
    FileOwner owner;  // with whose rights
  };
  void count(Part part, const std::string& path);

  std::vector<Counting> parts_;
  std::size_t next_ = 0;
  bool logs_in_sandbox_ = false;
  TaskDisk found_;
};

// At once.
TaskDisk disk_of_task(const Paths& paths, const std::string& task_id, const History* history);

}  // namespace thermos
