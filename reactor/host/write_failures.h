// The coordinators of a task that can't write their streams. It is said of the first, and when all
// write again: on a full disk ten thousand may come to the same.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "core/task/task.h"

namespace thermos {

class WriteFailures {
 public:
  // `task_id` outlives this.
  explicit WriteFailures(const std::string& task_id) : task_id_(task_id) {}

  struct Failure {
    const std::string& process;
    std::uint32_t run;
    std::int32_t pid;  // the coordinator's
    const std::string& stream;
    int error_number;
  };
  void add(ProcessIndex p, const Failure& failure);
  // It wrote, or is gone. Harmless for one that never failed.
  void over(ProcessIndex p);

 private:
  const std::string& task_id_;
  std::unordered_set<ProcessIndex> failing_;
};

}  // namespace thermos
