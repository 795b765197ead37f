// "thermos plan": what a task will take, by the times of runs before.
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
  const PastTimes* past = nullptr;  // of runs before
  // How long each process takes, by ProcessIndex, where it is not to go by the past.
  std::vector<std::optional<Microseconds>> given{};
  std::vector<bool> fails{};  // the processes whose runs fail; empty: none does
};

struct Plan {
  TaskState state = TaskState::Active;  // ACTIVE: it does not end by itself
  // From the beginning to its end: in half, and in nine of ten, of the plans that were played with
  // times drawn from those of the past. Nothing: it does not end, or `unknown` is not empty.
  std::optional<Microseconds> p50;
  std::optional<Microseconds> p90;
  // The same where the unknown took no time: it takes longer than that.
  Microseconds at_least = 0;
  std::size_t rounds = 0;  // that were played
  // The processes that run and of which nobody knows how long.
  std::vector<ProcessIndex> unknown;
  // One play, that took p50.
  PlannedTask played;
  // Each lets the next one start, and the last one ends the task: what a shorter task needs.
  std::vector<ProcessIndex> critical_path;
};

// Fails with BadConfig as check_task() does, and with Usage if a process would fail for ever.
Result<Plan> plan(const PlanQuestion& question);

// How long a task that is under way will take yet, from `now` on; nothing if it does not end by
// itself, or if nobody knows how long something of it takes.
std::optional<Microseconds> time_left(const TaskConfig& task, const Graph& graph,
                                      const History& history, const PastTimes& past, Timestamp now);

}  // namespace thermos
