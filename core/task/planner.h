// Which processes can run, given which have started, become ready, finished and failed. It keeps a
// count of unmet dependencies for each process, so a transition costs the process's out-degree,
// whatever the size of the graph. Something that can no longer come about costs more once: it is
// told to all that can never run because of it, and each of them is told once. It can come about
// again when a failed process is revived, and that is told to the same ones.
#pragma once

#include <cstdint>
#include <span>
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

  Mark mark(ProcessIndex p) const { return nodes_[p].mark; }
  // The processes that became runnable and were not taken from this list yet; the caller clears it.
  // First those without dependencies, in the task's order, then each when its last dependency
  // was met. reset() adds none.
  std::vector<ProcessIndex>& newly_runnable() { return newly_runnable_; }

  // Whether `p` is Blocked and can never run: a condition that it needs can no longer come about.
  // This is so behind a failure if its success is needed, behind an end without a start (or without
  // having been ready) if that is needed, and behind everything that can itself never run.
  bool stuck(ProcessIndex p) const { return mark(p) == Mark::Blocked && ruled_out_[p] != 0; }
  // Those that became stuck and were not taken from this list yet; the caller clears it.
  std::vector<ProcessIndex>& newly_stuck() { return newly_stuck_; }
  // The same for those that are no longer stuck, and Blocked still.
  std::vector<ProcessIndex>& newly_unstuck() { return newly_unstuck_; }

  // Each REQUIRES the mark named before the arrow. A Blocked process may run too, because a resume
  // replays runs process by process, and not in the order of time.
  void set_running(ProcessIndex p);  // Runnable or Blocked -> Running
  void reset(ProcessIndex p);        // Running -> Runnable, or Blocked if it still waits for others
  void set_finished(ProcessIndex p);  // Running -> Finished; success and end have come
  void set_failed(ProcessIndex p);    // Running -> Failed; the end has come, success never will
  // Failed -> Runnable, or Blocked if it still waits for others. All that set_failed() ruled out
  // can come about again. That the end had come stays so.
  void revive(ProcessIndex p);

  // Tells that a run of `p` is RUNNING, or ready. What has come about stays so, whatever becomes of
  // the run; to tell it again changes nothing. REQUIRES: p is Running.
  void set_started(ProcessIndex p) {
    if (graph_.mixed()) come(nodes_[p].started, p, Condition::Start);
  }
  void set_ready(ProcessIndex p) {
    if (graph_.mixed()) come(nodes_[p].ready, p, Condition::Ready);
  }
  // The same for its end: it had failed, and was revived.
  void set_ended(ProcessIndex p) {
    if (graph_.mixed()) come(nodes_[p].ended, p, Condition::End);
  }
  // Whether set_started() or set_ready() would meet something that somebody needs.
  bool start_awaited(ProcessIndex p) const {
    return awaited(nodes_[p].started, p, Condition::Start);
  }
  bool ready_awaited(ProcessIndex p) const { return awaited(nodes_[p].ready, p, Condition::Ready); }

  std::uint32_t size() const { return size_; }
  std::uint32_t runnable() const { return runnable_; }
  std::uint32_t running() const { return running_; }
  std::uint32_t finished() const { return finished_; }
  std::uint32_t failed() const { return failed_; }
  bool complete() const { return finished_ + failed_ == size_; }

 private:
  // All that is known of one process is in one word: to tell the dependents of a process, in any
  // order of memory, costs one cache miss for each.
  struct Node {
    std::uint32_t unmet = 0;
    Mark mark = Mark::Absent;
    bool started = false;  // this, ready and ended are false if only successes are needed
    bool ready = false;
    bool ended = false;
  };

  void come(bool& has, ProcessIndex p, Condition condition);
  bool awaited(bool has, ProcessIndex p, Condition condition) const;
  void meet(ProcessIndex p, Condition condition);
  void end(ProcessIndex p);
  void rule_out(std::span<const ProcessIndex> dependents);
  void rule_in(std::span<const ProcessIndex> dependents);
  void stick(ProcessIndex p);

  const Graph& graph_;
  std::vector<Node> nodes_;
  // How much of what each needs can't come about. What is Blocked because of that has told its own
  // dependents the same. No transition that rules nothing out or in comes here.
  std::vector<std::uint32_t> ruled_out_;
  std::vector<ProcessIndex> newly_runnable_;
  std::vector<ProcessIndex> newly_stuck_;
  std::vector<ProcessIndex> newly_unstuck_;
  std::uint32_t size_ = 0;
  std::uint32_t runnable_ = 0;
  std::uint32_t running_ = 0;
  std::uint32_t finished_ = 0;
  std::uint32_t failed_ = 0;
};

}  // namespace thermos
