#include "core/runner/pool_outlook.h"

#include <algorithm>
#include <numeric>

#include "core/runner/standing.h"
#include "core/task/check_task.h"
#include "core/task/graph.h"

namespace thermos {
namespace {

class Lines {
 public:
  Lines(const TaskConfig& task, const History& history, Microseconds now)
      : task_(task), history_(history), standing_(task, history, now) {}

  std::vector<PoolOutlook> find() {
    const bool final = history_.state() == TaskState::Finalizing;
    find_unmet();
    std::vector<ProcessIndex> waiting;
    std::uint32_t live = 0;
    for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
      if (task_.processes[p].final != final) continue;
      if (standing_.live(p)) {
        ++live;
        add(p, &PoolOutlook::used_by);
      } else if (is_free_to_run(p)) {
        waiting.push_back(p);
      }
    }
    const bool room = task_.max_concurrency == 0 || live < task_.max_concurrency;
    if (room) {
      for (const ProcessIndex p : waiting) add(p, &PoolOutlook::waiting);
    }
    for (PoolOutlook& pool : pools_) forget_if_there_is_enough(pool);
    std::erase_if(pools_, [](const PoolOutlook& pool) {
      return pool.used_by.empty() && pool.waiting.empty();
    });
    return std::move(pools_);
  }

 private:
  // Finds the processes for which something that they need has not come about.
  void find_unmet() {
    unmet_.resize(task_.processes.size());
    const Result<Graph> graph = check_task(task_, PoolsOf::Daemon);
    if (!graph) return;
    for (ProcessIndex p = 0; p < graph->size(); ++p) {
      for (const Condition condition :
           {Condition::Success, Condition::Start, Condition::Ready, Condition::End}) {
        if (standing_.has_come(p, condition)) continue;
        for (const ProcessIndex after : graph->dependents(p, condition)) unmet_[after] = true;
      }
    }
  }

  bool is_free_to_run(ProcessIndex p) const {
    return !unmet_[p] && !standing_.held(p) && !standing_.over(p) && !standing_.next_try(p);
  }

  void add(ProcessIndex p, std::vector<PoolOutlook::Share> PoolOutlook::*list) {
    for (const auto& [name, amount] : task_.processes[p].uses.entries) {
      (pool(name).*list).push_back({task_.processes[p].name, amount});
    }
  }

  PoolOutlook& pool(const std::string& name) {
    const auto known = std::find_if(pools_.begin(), pools_.end(),
                                    [&](const PoolOutlook& pool) { return pool.pool == name; });
    if (known != pools_.end()) return *known;
    PoolOutlook& made = pools_.emplace_back();
    made.pool = name;
    for (const auto& [own, size] : task_.pools.entries) {
      if (own == name) made.size = size;
    }
    return made;
  }

  // If there is enough for all, the processes are about to start and don't wait for the pool.
  static void forget_if_there_is_enough(PoolOutlook& pool) {
    const std::uint64_t wanted =
        std::accumulate(pool.waiting.begin(), pool.waiting.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const auto& share) { return sum + share.amount; });
    if (pool.size && pool.used() + wanted <= *pool.size) pool.waiting.clear();
  }

  const TaskConfig& task_;
  const History& history_;
  Standing standing_;
  std::vector<bool> unmet_;
  std::vector<PoolOutlook> pools_;
};

}  // namespace

std::uint64_t PoolOutlook::used() const {
  return std::accumulate(used_by.begin(), used_by.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Share& share) { return sum + share.amount; });
}

std::vector<PoolOutlook> pool_outlooks(const TaskConfig& task, const History& history,
                                       Microseconds now) {
  if (history.state() != TaskState::Active && history.state() != TaskState::Finalizing) return {};
  const auto uses = [](const ProcessConfig& process) { return !process.uses.entries.empty(); };
  if (std::none_of(task.processes.begin(), task.processes.end(), uses)) return {};
  return Lines(task, history, now).find();
}

}  // namespace thermos
