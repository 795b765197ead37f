#include "core/task/check_pools.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/name_index.h"
#include "core/base/text.h"
#include "core/task/check_name.h"

namespace thermos {
namespace {

using Amounts = std::vector<std::pair<std::string, std::uint32_t>>;

// Finds pools by their names.
class PoolNames {
 public:
  explicit PoolNames(const Amounts& pools) : pools_(pools) {}
  std::optional<std::uint32_t> find(std::string_view name) const {
    return index_.find(name,
                       [this](std::uint32_t i) -> const std::string& { return pools_[i].first; });
  }
  void add(std::uint32_t pool) { index_.add(pools_[pool].first, pool); }

 private:
  const Amounts& pools_;
  NameIndex index_;
};

std::string path_of(ProcessIndex p, const std::string& pool) {
  return "processes[" + std::to_string(p) + "].uses." + pool;
}

std::string unknown_pool(const TaskConfig& task, std::string_view name) {
  NearestWord nearest(name);
  for (const auto& [pool, amount] : task.pools.entries) nearest.offer(pool);
  const std::string hint = nearest.hint();
  return "the task has no pool " + quoted(name, kMaxName) +
         (hint.empty() ? "; what tasks share is a daemon's, so submit it" : hint);
}

std::string too_much(std::uint32_t amount, const std::string& whose, std::uint32_t most) {
  return "is " + std::to_string(amount) + ", and " + whose + " pool holds " + std::to_string(most) +
         ": it could never run";
}

class UseCheck {
 public:
  UseCheck(const TaskConfig& task, PoolsOf pools, std::vector<PoolFault>& faults)
      : task_(task), pools_(pools), faults_(faults), names_(task.pools.entries) {}

  void check_pools();
  void check_uses(ProcessIndex p);

 private:
  void check_use(ProcessIndex p, const std::string& name, std::uint32_t amount);

  const TaskConfig& task_;
  PoolsOf pools_;
  std::vector<PoolFault>& faults_;
  PoolNames names_;
};

void UseCheck::check_pools() {
  for (std::uint32_t i = 0; i < task_.pools.entries.size(); ++i) {
    const std::string& name = task_.pools.entries[i].first;
    if (auto complaint = check_name(name)) {
      faults_.push_back({"pools." + name, *complaint});
    } else if (names_.find(name)) {
      faults_.push_back({"pools." + name, "is given twice"});
    } else {
      names_.add(i);
    }
  }
}

void UseCheck::check_uses(ProcessIndex p) {
  std::vector<std::string_view> used;
  for (const auto& [name, amount] : task_.processes[p].uses.entries) {
    check_use(p, name, amount);
    used.push_back(name);
  }
  std::sort(used.begin(), used.end());
  const auto twice = std::adjacent_find(used.begin(), used.end());
  if (twice != used.end()) {
    faults_.push_back({path_of(p, std::string(*twice)), "is given twice"});
  }
}

void UseCheck::check_use(ProcessIndex p, const std::string& name, std::uint32_t amount) {
  const auto add = [&](std::string what) {
    faults_.push_back({path_of(p, name), std::move(what)});
  };
  const auto pool = names_.find(name);
  if (!pool && pools_ == PoolsOf::Task) return add(unknown_pool(task_, name));
  if (!pool) {
    if (auto complaint = check_name(name)) return add(*complaint);
  }
  if (amount == 0) return add("is 0: what uses a pool takes 1 of it at least");
  if (!pool) return;
  const std::uint32_t most = task_.pools.entries[*pool].second;
  if (amount > most) add(too_much(amount, "the", most));
}

}  // namespace

std::vector<PoolFault> find_pool_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& users, PoolsOf pools) {
  std::vector<PoolFault> faults;
  UseCheck check(task, pools, faults);
  check.check_pools();
  for (const ProcessIndex p : users) check.check_uses(p);
  return faults;
}

std::optional<PoolFault> find_shared_fault(const TaskConfig& task,
                                           const Named<std::uint32_t>& shared) {
  const auto find = [](const Amounts& pools, const std::string& name) {
    return std::find_if(pools.begin(), pools.end(),
                        [&name](const auto& pool) { return pool.first == name; });
  };
  const Amounts& own = task.pools.entries;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    for (const auto& [name, amount] : task.processes[p].uses.entries) {
      if (find(own, name) != own.end()) continue;
      const auto pool = find(shared.entries, name);
      if (pool == shared.entries.end()) {
        NearestWord nearest(name);
        for (const auto& [known, most] : own) nearest.offer(known);
        for (const auto& [known, most] : shared.entries) nearest.offer(known);
        return PoolFault{path_of(p, name), "neither the task nor this daemon has a pool " +
                                               quoted(name, kMaxName) + nearest.hint()};
      }
      if (amount > pool->second) {
        return PoolFault{path_of(p, name), too_much(amount, "the daemon's", pool->second)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace thermos
