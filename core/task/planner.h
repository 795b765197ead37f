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

// The order alone, without a clock or failure limits; TaskPlanner adds those. It names processes by
// their ranks in the graph.
class Planner {
 public:
  using Rank = Graph::Rank;
  enum class Mark : std::uint8_t { Absent, Blocked, Runnable, Running, Finished, Failed };

  // Plans the processes for which `member` is true and ignores edges to others. `graph` outlives
  // this.
  Planner(const Graph& graph, const std::vector<bool>& member);

  Mark mark(Rank p) const { return nodes_[p].mark; }
  // The processes that became runnable and were not taken from this list yet; the caller clears it.
  // First those without dependencies, in the task's order, then each when its last dependency
  // was met; of several that one process frees, in the task's order. reset() adds none.
  std::vector<Rank>& newly_runnable() { return newly_runnable_; }

  // Whether `p` is Blocked and can never run: a condition that it needs can no longer come about.
  // This is so behind a failure if its success is needed, behind an end without a start (or without
  // having been ready) if that is needed, and behind everything that can itself never run.
  bool stuck(Rank p) const {
    return mark(p) == Mark::Blocked && !ruled_out_.empty() && ruled_out_[p] != 0;
  }
  // Those that became stuck and were not taken from this list yet; the caller clears it.
  std::vector<Rank>& newly_stuck() { return newly_stuck_; }
  // The same for those that are no longer stuck, and Blocked still.
  std::vector<Rank>& newly_unstuck() { return newly_unstuck_; }

  // Each REQUIRES the mark named before the arrow. A Blocked process may run too, because a resume
  // replays runs process by process, and not in the order of time.
  void set_running(Rank p);   // Runnable or Blocked -> Running
  void reset(Rank p);         // Running -> Runnable, or Blocked if it still waits for others
  void set_finished(Rank p);  // Running -> Finished; success and end have come
  void set_failed(Rank p);    // Running -> Failed; the end has come, success never will
  // Failed -> Runnable, or Blocked if it still waits for others. All that set_failed() ruled out
  // can come about again. That the end had come stays so.
  void revive(Rank p);

  // Tells that a run of `p` is RUNNING, or ready. What has come about stays so, whatever becomes of
  // the run; to tell it again changes nothing. REQUIRES: p is Running.
  void set_started(Rank p) {
    if (graph_.mixed()) come(come_[p].start, p, Condition::Start);
  }
  void set_ready(Rank p) {
    if (graph_.mixed()) come(come_[p].ready, p, Condition::Ready);
  }
  // The same for its end: it had failed, and was revived.
  void set_ended(Rank p) {
    if (graph_.mixed()) come(come_[p].end, p, Condition::End);
  }
  // Whether set_started() or set_ready() would meet something that somebody needs.
  bool start_awaited(Rank p) const {
    return graph_.mixed() && !come_[p].start && awaited(p, Condition::Start);
  }
  bool ready_awaited(Rank p) const {
    return graph_.mixed() && !come_[p].ready && awaited(p, Condition::Ready);
  }

  std::uint32_t size() const { return size_; }
  std::uint32_t runnable() const { return runnable_; }
  std::uint32_t running() const { return running_; }
  std::uint32_t finished() const { return finished_; }
  std::uint32_t failed() const { return failed_; }
  bool complete() const { return finished_ + failed_ == size_; }

 private:
  // All that most tasks need of one process is in one word: to tell the dependents of a process,
  // in any order of memory, costs one cache miss for each. Half a billion that one waits for would
  // be more than any memory holds.
  struct Node {
    std::uint32_t unmet : 29 = 0;
    Mark mark : 3 = Mark::Absent;
  };
  static_assert(sizeof(Node) == 4);
  // What has come about of it, beside its success.
  struct Come {
    bool start = false;
    bool ready = false;
    bool end = false;
  };

  void come(bool& has, Rank p, Condition condition);
  bool awaited(Rank p, Condition condition) const {
    return !graph_.behind(p, condition).empty();  // GCOVR_EXCL_BR_LINE: it does not throw
  }
  void meet(Rank p, Condition condition);
  void end(Rank p);
  void rule_out(std::span<const Rank> dependents);
  void rule_in(std::span<const Rank> dependents);
  void stick(Rank p);

  const Graph& graph_;
  std::vector<Node> nodes_;
  std::vector<Come> come_;  // empty if only successes are needed
  // How much of what each needs can't come about. What is Blocked because of that has told its own
  // dependents the same. No transition that rules nothing out or in comes here, and it is empty
  // until something is ruled out.
  std::vector<std::uint32_t> ruled_out_;
  std::vector<Rank> newly_runnable_;
  std::vector<Rank> newly_stuck_;
  std::vector<Rank> newly_unstuck_;
  std::uint32_t size_ = 0;
  std::uint32_t runnable_ = 0;
  std::uint32_t running_ = 0;
  std::uint32_t finished_ = 0;
  std::uint32_t failed_ = 0;
};

}  // namespace thermos
