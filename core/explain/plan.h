// "thermos plan": how long a task will take, by the times of earlier runs.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/explain/past_times.h"
#include "core/explain/virtual_host.h"
#include "core/task/task.h"

namespace thermos {

struct PlanQuestion {
  const TaskConfig* task = nullptr;
  const PastTimes* past = nullptr;  // of earlier runs
  // How long each process takes, by ProcessIndex, where that is given instead of drawn from the
  // past.
  std::vector<std::optional<Microseconds>> given{};
  std::vector<bool> fails{};  // the processes whose runs fail; empty: none does
};

struct Plan {
  TaskState state = TaskState::Active;  // ACTIVE: it does not end by itself
  // How long the task takes at most in half (p50), and in nine of ten (p90), of the rounds that
  // were played with times drawn from those of the past. Empty if the task does not end, or if
  // `unknown` is not empty.
  std::optional<Microseconds> p50;
  std::optional<Microseconds> p90;
  // The median if the processes in `unknown` took no time: the task takes longer than that.
  Microseconds at_least = 0;
  std::size_t rounds = 0;  // how many were played
  // The processes that run and whose duration nobody knows.
  std::vector<ProcessIndex> unknown;
  // The round that took the median time.
  PlannedTask played;
  // What must get faster to make the task shorter: each process in it lets the next one start, and
  // the last one ends the task.
  std::vector<ProcessIndex> critical_path;
};

// Fails with BadConfig as check_task() does, and with Usage if a process would fail for ever.
Result<Plan> plan(const PlanQuestion& question);

// Returns how long a task that is under way will still take, from `now` on. Returns nothing if it
// does not end by itself, or if nobody knows how long one of its processes takes.
std::optional<Microseconds> time_left(const TaskConfig& task, const Graph& graph,
                                      const History& history, const PastTimes& past, Timestamp now);

}  // namespace thermos
