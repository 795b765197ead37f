// Removes the output of all runs of a task in small steps, because a task may have ten thousand
// runs.
#pragma once

#include <string>
#include <vector>

#include "core/record/record.h"
#include "reactor/os/as_user.h"

namespace thermos {

class TaskLogsRemoval {
 public:
  // Acts as `owner` and follows no link. Other files in these directories stay.
  TaskLogsRemoval(RunnerHeader header, FileOwner owner);

  // Removes the output of one run, lists the runs of one process, or removes an empty directory.
  // REQUIRES: not done().
  void step();
  bool done() const { return done_; }

 private:
  std::vector<std::string> names_in(const std::string& process) const;
  void remove_directory_of(const std::string& process) const;

  RunnerHeader header_;
  FileOwner owner_;
  std::vector<std::string> processes_;  // those still to do
  std::vector<std::string> runs_;       // the runs still to do of the last process
  bool entered_ = false;                // whether runs_ is read for the last process
  bool done_ = false;
};

}  // namespace thermos
