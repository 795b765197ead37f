#include "core/runner/pool_outlook.h"

#include <algorithm>
#include <numeric>

#include "core/runner/outlook.h"
#include "core/task/check_task.h"
#include "core/task/graph.h"

namespace thermos {
namespace {

class Lines {
 public:
  Lines(const TaskConfig& task, const History& history, Microseconds now)
      : task_(task), history_(history), now_(now) {}

  std::vector<PoolOutlook> find() {
    const bool final = history_.state() == TaskState::Finalizing;
    if (!final && history_.state() != TaskState::Active) return {};
    const auto uses = [](const ProcessConfig& process) { return !process.uses.entries.empty(); };
    if (std::none_of(task_.processes.begin(), task_.processes.end(), uses)) return {};
    find_unmet();
    std::vector<ProcessIndex> waiting;
    std::uint32_t live = 0;
    for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
      if (task_.processes[p].final != final) continue;
      const ProcessHistory* past = past_of(p);
      if (past != nullptr && past->live()) {
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
  const ProcessHistory* past_of(ProcessIndex p) const {
    const auto found = history_.find(task_.processes[p].name);
    return found ? &history_.process(*found) : nullptr;
  }

  // For whom something that it needs has not come about.
  void find_unmet() {
    unmet_.resize(task_.processes.size());
    const Result<Graph> graph = check_task(task_, PoolsOf::Daemon);
    if (!graph) return;
    for (ProcessIndex p = 0; p < graph->size(); ++p) {
      for (const Condition condition :
           {Condition::Success, Condition::Start, Condition::Ready, Condition::End}) {
        if (has_come(p, condition)) continue;
        for (const ProcessIndex after : graph->dependents(p, condition)) unmet_[after] = true;
      }
    }
  }

  bool has_come(ProcessIndex p, Condition condition) const {
    const ProcessHistory* past = past_of(p);
    if (past == nullptr) return false;
    if (condition == Condition::Start) return past->started;
    if (condition == Condition::Ready) return past->was_ready;
    const bool over = is_over(p, *past);
    if (condition == Condition::End) return over || past->forgiven.runs > past->redefined;
    return over && !outlook_of(task_, p, *past, now_).fatal;
  }

  // It does not run again.
  bool is_over(ProcessIndex p, const ProcessHistory& past) const {
    const ProcessConfig& process = task_.processes[p];
    if (past.live() || !past.begun()) return false;
    if (past.successes() > 0 && !process.daemon) return true;
    return (process.max_failures != 0 && past.failures() >= process.max_failures) ||
           (process.max_kills != 0 && past.kills() >= process.max_kills);
  }

  bool is_free_to_run(ProcessIndex p) const {
    if (unmet_[p]) return false;
    const ProcessHistory* past = past_of(p);
    if (past == nullptr) return true;
    if (past->held || is_over(p, *past)) return false;
    return !outlook_of(task_, p, *past, now_).next_try;
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

  // Who is about to start waits for nobody.
  static void forget_if_there_is_enough(PoolOutlook& pool) {
    const std::uint64_t wanted =
        std::accumulate(pool.waiting.begin(), pool.waiting.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const auto& share) { return sum + share.amount; });
    if (pool.size && pool.used() + wanted <= *pool.size) pool.waiting.clear();
  }

  const TaskConfig& task_;
  const History& history_;
  Microseconds now_;
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
  return Lines(task, history, now).find();
}

}  // namespace thermos
