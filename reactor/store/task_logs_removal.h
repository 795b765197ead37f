// Removes the output of all runs of a task, a little at a time: a task may have run ten thousand
// times.
#pragma once

#include <string>
#include <vector>

#include "core/record/record.h"
#include "reactor/os/as_user.h"

namespace thermos {

class TaskLogsRemoval {
 public:
  // Acts as `owner`, and follows no link. What somebody else put into the directories stays.
  TaskLogsRemoval(RunnerHeader header, FileOwner owner);

  // Removes the output of one run, or looks at one process's. REQUIRES: not done().
  void step();
  bool done() const { return done_; }

 private:
  std::vector<std::string> names_in(const std::string& process) const;
  void remove_directory_of(const std::string& process) const;

  RunnerHeader header_;
  FileOwner owner_;
  std::vector<std::string> processes_;  // that are left
  std::vector<std::string> runs_;       // of the last of them
  bool entered_ = false;                // that one
  bool done_ = false;
};

}  // namespace thermos
