#include "core/task/task_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "plans.h"

namespace thermos {
namespace {

// The rules with sets and maps, asked anew at every step.
struct NaiveTask {
  const TaskConfig& task;
  std::vector<std::set<ProcessIndex>> needs;
  std::vector<std::set<ProcessIndex>> needs_start;
  std::set<ProcessIndex> running, finished, failed, started;
  std::vector<std::uint64_t> failures;
  std::vector<std::optional<Microseconds>> last_end;
  std::vector<std::uint64_t> kills;

  Mark mark(ProcessIndex p) const {
    if (running.contains(p)) return Mark::Running;
    if (finished.contains(p)) return Mark::Finished;
    if (failed.contains(p)) return Mark::Failed;
    const bool free =
        std::includes(finished.begin(), finished.end(), needs[p].begin(), needs[p].end()) &&
        std::includes(started.begin(), started.end(), needs_start[p].begin(), needs_start[p].end());
    return free ? Mark::Runnable : Mark::Blocked;
  }
  bool over(ProcessIndex p) const { return finished.contains(p) || failed.contains(p); }
  bool stuck(ProcessIndex p) const {
    if (mark(p) != Mark::Blocked) return false;
    return std::any_of(
               needs[p].begin(), needs[p].end(),
               [this](ProcessIndex need) { return failed.contains(need) || stuck(need); }) ||
           std::any_of(needs_start[p].begin(), needs_start[p].end(), [this](ProcessIndex need) {
             return !started.contains(need) && (over(need) || stuck(need));
           });
  }
  Microseconds ready_at(ProcessIndex p) const {
    return last_end[p] ? *last_end[p] + task.processes[p].min_duration : 0;
  }
  bool complete() const {
    for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
      if (!over(p) && !task.processes[p].ephemeral) return false;
    }
    return true;
  }
  bool deadlocked() const {
    for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
      if (!over(p) && !stuck(p) && !task.processes[p].ephemeral) return false;
    }
    return !complete();
  }
  void end(ProcessIndex p, Microseconds now) {
    running.erase(p);
    last_end[p] = now;
  }
  void success(ProcessIndex p, Microseconds now) {
    end(p, now);
    started.insert(p);
    if (!task.processes[p].daemon) finished.insert(p);
  }
  void failure(ProcessIndex p, Microseconds now) {
    end(p, now);
    const ProcessConfig& config = task.processes[p];
    ++failures[p];
    if (config.max_failures == 0 || failures[p] < config.max_failures) return;
    (config.ephemeral ? finished : failed).insert(p);
  }
  void killed(ProcessIndex p, Microseconds now) {
    end(p, now);
    const ProcessConfig& config = task.processes[p];
    ++kills[p];
    if (config.max_kills == 0 || kills[p] < config.max_kills) return;
    (config.ephemeral ? finished : failed).insert(p);
  }
  void revive(ProcessIndex p) {
    failed.erase(p);
    failures[p] = kills[p] = 0;
    last_end[p].reset();
  }
};

void random_task_walk(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
  const std::uint32_t n = 1 + below(12);
  TaskConfig task = task_of(n);
  for (ProcessConfig& process : task.processes) {
    process.max_failures = below(4);
    process.daemon = below(5) == 0;
    process.ephemeral = below(5) == 0;
    process.min_duration = below(4);
    process.max_kills = below(3);
  }
  NaiveTask naive{task,
                  std::vector<std::set<ProcessIndex>>(n),
                  std::vector<std::set<ProcessIndex>>(n),
                  {},
                  {},
                  {},
                  {},
                  std::vector<std::uint64_t>(n, 0),
                  std::vector<std::optional<Microseconds>>(n),
                  std::vector<std::uint64_t>(n, 0)};
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = below(2 * n); i > 0 && n > 1; --i) {
    const ProcessIndex after = 1 + below(n - 1);
    const ProcessIndex before = below(after);
    const bool start = below(3) == 0;
    edges.push_back({before, after, start ? Condition::Start : Condition::Success});
    (start ? naive.needs_start : naive.needs)[after].insert(before);
  }
  const Graph graph(n, edges);
  TaskPlanner plan(task, graph, Stage::Regular);
  Microseconds now = 0;
  for (int step = 0; step < 300; ++step) {
    std::uint32_t waiting = 0;
    std::uint32_t ready = 0;
    std::optional<Microseconds> next;
    for (ProcessIndex p = 0; p < n; ++p) {
      ASSERT_EQ(plan.mark(p), naive.mark(p)) << p << " at step " << step;
      if (naive.mark(p) != Mark::Runnable) continue;
      const Microseconds at = naive.ready_at(p);
      ++(at <= now ? ready : waiting);
      if (at > now) next = next ? std::min(*next, at) : at;
    }
    ASSERT_EQ(plan.waiting(now), waiting);
    ASSERT_EQ(plan.has_ready(now), ready != 0);
    ASSERT_EQ(plan.next_ready_at(now), next);
    ASSERT_EQ(plan.complete(), naive.complete());
    ASSERT_EQ(plan.deadlocked(), naive.deadlocked());
    if (below(3) == 0) {
      now += below(4);
      continue;
    }
    if (below(2) == 0) {
      const auto p = plan.pop_ready(now);
      ASSERT_EQ(p.has_value(), ready != 0);
      if (!p) continue;
      ASSERT_EQ(naive.mark(*p), Mark::Runnable);
      ASSERT_LE(naive.ready_at(*p), now);
      plan.set_running(*p);
      if (below(8) == 0) {
        plan.cancel(*p);
        continue;
      }
      naive.running.insert(*p);
      continue;
    }
    if (!naive.failed.empty() && below(4) == 0) {
      const ProcessIndex p = *std::next(naive.failed.begin(), below(naive.failed.size()));
      plan.revive(p);
      naive.revive(p);
      continue;
    }
    if (naive.running.empty()) continue;
    const ProcessIndex p = *std::next(naive.running.begin(), below(naive.running.size()));
    if (below(3) == 0) {
      plan.set_started(p);
      naive.started.insert(p);
      continue;
    }
    switch (below(4)) {
      case 0:
        plan.add_success(p, now);
        naive.success(p, now);
        break;
      case 1:
        plan.add_failure(p, now);
        naive.failure(p, now);
        break;
      case 2:
        plan.add_killed(p, now);
        naive.killed(p, now);
        break;
      default:
        plan.add_lost(p, now);
        naive.end(p, now);
    }
  }
}

TEST(TaskPlanner, AgreesWithANaiveOneOnRandomTasks) {
  for (std::uint64_t seed = 1; seed <= 1000 && !::testing::Test::HasFailure(); ++seed) {
    random_task_walk(seed);
  }
}

}  // namespace
}  // namespace thermos
