// Which processes can run, given which have started, become ready, finished and failed. The planner
// keeps a count of unmet dependencies for each process, so a transition costs the process's
// out-degree, whatever the size of the graph. It costs more if a condition can no longer come
// about: then every process that can never run because of that is told, each once. If a failed
// process is revived, the condition can come about again, and the same processes are told so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/task/graph.h"

namespace thermos {

// Only the order, without a clock or failure limits; TaskPlanner adds those. The planner names
// processes by their ranks in the graph.
class Planner {
 public:
  using Rank = Graph::Rank;
  enum class Mark : std::uint8_t { Absent, Blocked, Runnable, Running, Finished, Failed };

  // Plans the processes for which `member` is true and ignores edges to others. `graph` outlives
  // this.
  Planner(const Graph& graph, const std::vector<bool>& member);

  Mark mark(Rank p) const { return nodes_[p].mark; }
  // The processes that became runnable and were not taken from this list yet; the caller clears it.
  // The processes without dependencies come first, in the task's order, then each process when its
  // last dependency was met; processes that one other process frees are in the task's order.
  // reset() adds none.
  std::vector<Rank>& newly_runnable() { return newly_runnable_; }

  // Whether `p` is Blocked and can never run: a condition that it needs can no longer come about.
  // This is so behind a failure if its success is needed, behind an end without a start (or without
  // having been ready) if that is needed, and behind everything that can itself never run.
  bool stuck(Rank p) const {
    return mark(p) == Mark::Blocked && !ruled_out_.empty() && ruled_out_[p] != 0;
  }
  // The processes that became stuck and were not taken from this list yet; the caller clears it.
  std::vector<Rank>& newly_stuck() { return newly_stuck_; }
  // The same for processes that are no longer stuck, and are still Blocked.
  std::vector<Rank>& newly_unstuck() { return newly_unstuck_; }

  // Each REQUIRES the mark named before the arrow. A Blocked process may run too, because a resume
  // replays the runs of one process after the other, and not in the order of time.
  void set_running(Rank p);   // Runnable or Blocked -> Running
  void reset(Rank p);         // Running -> Runnable, or Blocked if it still waits for others
  void set_finished(Rank p);  // Running -> Finished; its success and its end have come about
  void set_failed(Rank p);    // Running -> Failed; its end has come about, its success never will
  // Failed -> Runnable, or Blocked if it still waits for others. All conditions that set_failed()
  // ruled out can come about again. Its end has come about all the same.
  void revive(Rank p);

  // Says that a run of `p` is RUNNING, or ready. Such a condition stays met, whatever becomes of
  // the run; a second call changes nothing. REQUIRES: p is Running.
  void set_started(Rank p) {
    if (graph_.mixed()) come(come_[p].start, p, Condition::Start);
  }
  void set_ready(Rank p) {
    if (graph_.mixed()) come(come_[p].ready, p, Condition::Ready);
  }
  // Says that `p` had come to its end before it was revived. The other rules of set_started()
  // apply.
  void set_ended(Rank p) {
    if (graph_.mixed()) come(come_[p].end, p, Condition::End);
  }
  // Whether set_started() or set_ready() would meet a condition that some process needs.
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
  // One word holds all that most tasks need of one process: telling the dependents of a process, in
  // any order of memory, costs one cache miss for each. No memory could hold a process that waits
  // for half a billion others, which is more than `unmet` can count.
  struct Node {
    std::uint32_t unmet : 29 = 0;
    Mark mark : 3 = Mark::Absent;
  };
  static_assert(sizeof(Node) == 4);
  // Which conditions of a process have come about, besides its success.
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
  // How many of the conditions that each process needs can't come about. A process that is Blocked
  // because of that has ruled out its own dependents in the same way. Only transitions that rule
  // something out or in use this vector, and it is empty until something is ruled out.
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
