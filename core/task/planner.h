// Which processes can run, given what has ended. Counts of unmet dependencies, kept as things
// happen: every transition costs the process's out-degree, whatever the size of the graph.
#pragma once

#include <cstdint>
#include <vector>

#include "core/task/graph.h"

namespace thermos {

// Order only: no clock, no failure limits. TaskPlanner adds those.
class Planner {
 public:
  enum class Mark : std::uint8_t { Absent, Blocked, Runnable, Running, Finished, Failed };

  // Plans the processes whose `member` is true; edges to others don't count. `graph` outlives this.
  Planner(const Graph& graph, const std::vector<bool>& member);

  Mark mark(ProcessIndex p) const { return marks_[p]; }
  // Processes that became runnable since the last call, in order: first those of the start, in
  // the task's order, then as their last dependency finished. reset() does not put one here.
  std::vector<ProcessIndex>& newly_runnable() { return newly_runnable_; }

  // REQUIRES of each: the mark named first. Blocked may run too: a resume tells what happened
  // process by process, not in the order in which it happened.
  void set_running(ProcessIndex p);  // Runnable or Blocked -> Running
  void reset(ProcessIndex p);        // Running -> Runnable, or Blocked if it still waits for others
  void set_finished(ProcessIndex p);  // Running -> Finished; frees its dependents
  void set_failed(ProcessIndex p);    // Running -> Failed; its dependents can never run

  std::uint32_t size() const { return size_; }
  std::uint32_t runnable() const { return runnable_; }
  std::uint32_t running() const { return running_; }
  std::uint32_t finished() const { return finished_; }
  std::uint32_t failed() const { return failed_; }
  bool complete() const { return finished_ + failed_ == size_; }

 private:
  const Graph& graph_;
  std::vector<Mark> marks_;
  std::vector<std::uint32_t> unmet_;
  std::vector<ProcessIndex> newly_runnable_;
  std::uint32_t size_ = 0;
  std::uint32_t runnable_ = 0;
  std::uint32_t running_ = 0;
  std::uint32_t finished_ = 0;
  std::uint32_t failed_ = 0;
};

}  // namespace thermos
