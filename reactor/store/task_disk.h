// The disk space that a task uses.
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

// Allocated disk space, in bytes.
struct TaskDisk {
  std::uint64_t stream = 0;              // the task's checkpoint directory
  std::uint64_t logs = 0;                // the task's log directory
  std::optional<std::uint64_t> sandbox;  // made by the daemon; without logs in it
  std::uint64_t total() const { return stream + logs + sandbox.value_or(0); }
};

// Measures a task's disk space in small steps.
class TaskDiskUse {
 public:
  // `history` is nullptr if nothing is on record of the task.
  TaskDiskUse(const Paths& paths, const std::string& task_id, const History* history);

  // Measures one file. REQUIRES: not done().
  void step();
  bool done() const { return next_ == parts_.size(); }
  TaskDisk found() const { return found_; }

 private:
  enum class Part : std::uint8_t { Stream, Logs, Sandbox };
  struct Counting {
    Part part;
    DiskUse use;
    FileOwner owner;  // the files are read with this user's rights
  };
  void count(Part part, const std::string& path);

  std::vector<Counting> parts_;
  std::size_t next_ = 0;
  bool logs_in_sandbox_ = false;
  TaskDisk found_;
};

// Measures a task's disk space in one call.
TaskDisk disk_of_task(const Paths& paths, const std::string& task_id, const History* history);

}  // namespace thermos
