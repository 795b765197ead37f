// Logs which coordinators of a task can't write their streams. The log gets only one line for the
// first coordinator and one when all of them write again, because a full disk may stop ten thousand
// at once.
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
  // The coordinator of `p` can't write its stream.
  void add(ProcessIndex p, const Failure& failure);
  // The coordinator of `p` wrote, or has ended. Does nothing if it never failed.
  void over(ProcessIndex p);

 private:
  const std::string& task_id_;
  std::unordered_set<ProcessIndex> failing_;
};

}  // namespace thermos
