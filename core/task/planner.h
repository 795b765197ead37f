// Which processes can run, given which have finished. It keeps a count of unmet dependencies for
// each process, so a transition costs the process's out-degree, whatever the size of the graph.
#pragma once

#include <cstdint>
#include <vector>

#include "core/task/graph.h"

namespace thermos {

// The order alone, without a clock or failure limits; TaskPlanner adds those.
class Planner {
 public:
  enum class Mark : std::uint8_t { Absent, Blocked, Runnable, Running, Finished, Failed };

  // Plans the processes for which `member` is true and ignores edges to others. `graph` outlives
  // this.
  Planner(const Graph& graph, const std::vector<bool>& member);

  Mark mark(ProcessIndex p) const { return marks_[p]; }
  // The processes that became runnable and were not taken from this list yet; the caller clears it.
  // First those without dependencies, in the task's order, then each when its last dependency
  // finished. reset() adds none.
  std::vector<ProcessIndex>& newly_runnable() { return newly_runnable_; }

  // Each REQUIRES the mark named before the arrow. A Blocked process may run too, because a resume
  // replays runs process by process, and not in the order of time.
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
