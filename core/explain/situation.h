// A task at a moment, with what is needed to answer questions about it: its configuration, its
// history up to that moment, and what follows from both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/explain/chronicle.h"
#include "core/runner/pool_outlook.h"
#include "core/runner/standing.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

class Situation {
 public:
  struct Need {
    ProcessIndex process = 0;
    Condition condition = Condition::Success;
  };

  // `graph` is the result of check_task(task). `task`, `graph` and `chronicle` outlive this. `at`
  // is a wall time; `led` tells whether a runner leads the task, if that is known.
  Situation(const TaskConfig& task, const Graph& graph, const Chronicle& chronicle, Microseconds at,
            std::optional<bool> led = {});

  const TaskConfig& task() const { return task_; }
  const ProcessConfig& config(ProcessIndex p) const { return task_.processes[p]; }
  const Chronicle& chronicle() const { return chronicle_; }
  const History& history() const { return chronicle_.history(); }
  const Standing& standing() const { return standing_; }
  TaskState state() const { return history().state(); }
  // Returns the task's id, as a person gives it to a command; "TASK" if it is not on record yet.
  std::string shown_id() const;
  Microseconds at() const { return at_; }
  std::optional<bool> led() const { return led_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(task_.processes.size()); }
  std::optional<ProcessIndex> find(std::string_view name) const;

  // Returns all conditions that a process needs.
  std::span<const Need> needs(ProcessIndex p) const {
    return {needs_.data() + begin_[p], needs_.data() + begin_[p + 1]};
  }
  // Returns whether the need is not met yet.
  bool unmet(const Need& need) const { return !standing_.has_come(need.process, need.condition); }
  bool waits_for_needs(ProcessIndex p) const;
  // Returns whether the process waits and something that it needs can't be met any more.
  bool never(ProcessIndex p) const { return never_[p]; }
  bool never(const Need& need) const {
    return unmet(need) && (standing_.over(need.process) || never_[need.process]);
  }
  // Returns whether the process is neither live nor over.
  bool waits(ProcessIndex p) const { return !standing_.live(p) && !standing_.over(p); }
  // Returns whether the task is in the stage in which the process runs.
  bool in_stage(ProcessIndex p) const;
  // Returns whether the stage in which the process runs is over.
  bool past_stage(ProcessIndex p) const;
  // Returns whether the process is live and its launch was not called off.
  bool has_place(ProcessIndex p) const;
  // Returns whether the process waits for nothing but a place (max_concurrency) or a pool.
  bool free_to_run(ProcessIndex p) const;
  // Returns whether the process uses a pool that is not the task's own.
  bool uses_shared_pool(ProcessIndex p) const;
  std::vector<PoolOutlook> pools() const { return pool_outlooks(task_, history(), at_); }

 private:
  void find_needs(const Graph& graph);
  void find_never(const Graph& graph);

  const TaskConfig& task_;
  const Chronicle& chronicle_;
  Microseconds at_;
  std::optional<bool> led_;
  Standing standing_;
  std::vector<std::size_t> begin_;  // where the needs of each process begin in needs_
  std::vector<Need> needs_;
  std::vector<bool> never_;
};

}  // namespace thermos
