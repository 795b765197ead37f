#include "reactor/views/time_left.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/explain/plan.h"
#include "core/explain/virtual_host.h"
#include "core/task/check_task.h"
#include "reactor/os/clocks.h"
#include "reactor/views/past_runs.h"

namespace thermos {
namespace {

// A task with more processes is not simulated while a caller waits, because that would take longer
// than about 50 ms.
constexpr std::size_t kMostProcesses = 10'000;

constexpr Microseconds kBegins = kSecond;
constexpr Microseconds kShareOfTime = 50;

}  // namespace

TimeLeft::TimeLeft(const Paths& paths, const TaskConfig& task, const std::string& task_id) {
  if (task.processes.size() > kMostProcesses) return;
  task_ = plannable(task);
  Result<Graph> graph = check_task(task_, PoolsOf::Daemon);
  if (!graph) return;
  graph_ = std::move(*graph);
  Result<PastRuns> past = read_latest_runs(paths, task.name, task_id);
  if (past) past_ = std::move(past->times);
}

std::optional<Microseconds> TimeLeft::of(const History& history, Timestamp now) const {
  if (!graph_ || history.steps().empty()) return std::nullopt;
  return time_left(task_, *graph_, history, past_, now);
}

TimeLeftLine::TimeLeftLine(Paths paths, const TaskConfig& task)
    : paths_(std::move(paths)), task_(task) {}

std::optional<Microseconds> TimeLeftLine::of(const History& history, Timestamp now) {
  if (next_ == 0) next_ = now.boot + kBegins;
  if (now.boot >= next_) {
    const Microseconds begun = read_clocks().boot;
    if (!estimate_ && history.header()) estimate_.emplace(paths_, task_, history.header()->task_id);
    const auto left = estimate_ ? estimate_->of(history, now) : std::nullopt;
    end_ = left ? std::optional(now.boot + *left) : std::nullopt;
    next_ = now.boot + std::max(kSecond, (read_clocks().boot - begun) * kShareOfTime);
  }
  // If the task takes longer than all earlier ones, nothing is known about its end.
  if (!end_ || *end_ <= now.boot) return std::nullopt;
  return *end_ - now.boot;
}

}  // namespace thermos
