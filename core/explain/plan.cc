#include "core/explain/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <iterator>
#include <utility>

#include "core/task/check_task.h"

namespace thermos {
namespace {

// The most runs of processes that are played over all rounds, and the most rounds.
constexpr std::size_t kMostPlayed = 2'000'000;
constexpr std::size_t kMostRounds = 200;
constexpr std::size_t kRoundsLeft = 15;  // for a task that is under way

// Splitmix64, so that the same question always gets the same answer.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  // REQUIRES: count > 0.
  std::size_t below(std::size_t count) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::size_t>((z ^ (z >> 31U)) % count);
  }

 private:
  std::uint64_t state_;
};

// What is known of each process's times.
class Times {
 public:
  explicit Times(const PlanQuestion& question) : question_(question) {
    const std::vector<ProcessConfig>& processes = question.task->processes;
    for (ProcessIndex p = 0; p < processes.size(); ++p) {
      const auto* runs = question.past == nullptr ? nullptr : question.past->of(processes[p].name);
      if (runs != nullptr && needs_duration(p)) runs = with_duration(runs);
      runs_.push_back(runs);
      vary_ = vary_ || (runs != nullptr && runs->size() > 1);
    }
  }
  Times(const Times&) = delete;
  Times& operator=(const Times&) = delete;

  // Returns whether one round may take another time than the next.
  bool vary() const { return vary_; }

  bool known(ProcessIndex p) const {
    return !needs_duration(p) || (runs_[p] != nullptr && runs_[p]->front().lasts);
  }

  RunTimes draw(ProcessIndex p, Draw& draw) const {
    RunTimes times;
    if (runs_[p] != nullptr) {
      times = (*runs_[p])[runs_[p]->size() == 1 ? 0 : draw.below(runs_[p]->size())];
    }
    if (given(p)) times.lasts = question_.given[p];
    return times;
  }

 private:
  bool given(ProcessIndex p) const { return !question_.given.empty() && question_.given[p]; }

  // How long a daemon takes does not matter.
  bool needs_duration(ProcessIndex p) const {
    return !question_.task->processes[p].daemon && !given(p);
  }

  // Returns the runs whose duration is known, or all of them if no duration is: then they tell at
  // least how long it takes until a run is ready.
  const std::vector<RunTimes>* with_duration(const std::vector<RunTimes>* runs) {
    const auto lacks = [](const RunTimes& run) { return !run.lasts; };
    const auto lacking = std::count_if(runs->begin(), runs->end(), lacks);
    if (lacking == 0 || lacking == std::ssize(*runs)) return runs;
    std::vector<RunTimes>& some = chosen_.emplace_back(*runs);
    std::erase_if(some, lacks);
    return &some;
  }

  const PlanQuestion& question_;
  std::vector<const std::vector<RunTimes>*> runs_;  // by process; none of them is empty
  std::deque<std::vector<RunTimes>> chosen_;
  bool vary_ = false;
};

std::vector<ProcessIndex> critical_path_of(const PlannedTask& played) {
  std::vector<ProcessIndex> path;
  std::vector<bool> seen(played.processes.size());
  Microseconds until = played.end;  // when the next process on the path could start
  ProcessIndex p = played.last;
  while (p != PlannedProcess::kNobody && !seen[p]) {
    const PlannedProcess& process = played.processes[p];
    // A process that was ended because nothing waited for it any more ended because of another one.
    if (process.ended_by != PlannedProcess::kNobody && process.end && *process.end <= until) {
      p = process.ended_by;
      continue;
    }
    seen[p] = true;
    path.push_back(p);
    until = process.start.value_or(0);
    p = process.after;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::size_t rounds_for(std::size_t processes, bool vary) {
  if (!vary) return 1;
  return std::clamp<std::size_t>(kMostPlayed / std::max<std::size_t>(processes, 1), 1, kMostRounds);
}

// Returns the element below which that part of all elements lies. REQUIRES: `sorted` is not empty.
template <typename T>
const T& quantile(const std::vector<T>& sorted, double part) {
  const auto at =
      static_cast<std::size_t>(std::lround(part * static_cast<double>(sorted.size() - 1)));
  return sorted[at];
}

}  // namespace

Result<Plan> plan(const PlanQuestion& question) {
  const TaskConfig task = plannable(*question.task);
  const Result<Graph> graph = check_task(task, PoolsOf::Daemon);
  if (!graph) return graph.error();
  const Times times(question);
  const auto play_round = [&](std::uint64_t seed) {
    Draw draw(seed);
    const Script script{[&](ProcessIndex p) { return times.draw(p, draw); }, question.fails};
    return play(task, *graph, script);
  };

  Plan plan;
  plan.rounds = rounds_for(task.processes.size(), times.vary());
  std::vector<std::pair<Microseconds, std::uint64_t>> ends;  // and the seeds
  for (std::uint64_t seed = 0; seed < plan.rounds; ++seed) {
    Result<PlannedTask> played = play_round(seed);
    if (!played) return played.error();
    ends.emplace_back(played->end, seed);
    if (plan.rounds == 1) plan.played = std::move(*played);
  }
  std::sort(ends.begin(), ends.end());
  const auto& [middle, seed] = quantile(ends, 0.5);
  if (plan.rounds > 1) {
    Result<PlannedTask> played = play_round(seed);
    if (!played) return played.error();
    plan.played = std::move(*played);
  }
  plan.state = plan.played.state;
  plan.at_least = middle;
  plan.critical_path = critical_path_of(plan.played);
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    if (plan.played.processes[p].start && !times.known(p)) plan.unknown.push_back(p);
  }
  if (plan.unknown.empty() && is_terminal(plan.state)) {
    plan.p50 = middle;
    plan.p90 = quantile(ends, 0.9).first;
  }
  return plan;
}

std::optional<Microseconds> time_left(const TaskConfig& task, const Graph& graph,
                                      const History& history, const PastTimes& past,
                                      Timestamp now) {
  if (past.empty() || is_terminal(history.state())) return std::nullopt;
  const PlanQuestion question{&task, &past, {}, {}};
  const Times times(question);
  const std::size_t rounds = std::min(kRoundsLeft, rounds_for(task.processes.size(), times.vary()));
  bool unknown = false;
  std::vector<Microseconds> left;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    Draw draw(seed);
    const Script script{[&](ProcessIndex p) {
                          unknown = unknown || !times.known(p);
                          return times.draw(p, draw);
                        },
                        {}};
    const Result<PlannedTask> played = play(task, graph, script, history, now);
    if (!played || unknown || !is_terminal(played->state)) return std::nullopt;
    left.push_back(played->end);
  }
  std::sort(left.begin(), left.end());
  return quantile(left, 0.5);
}

}  // namespace thermos
