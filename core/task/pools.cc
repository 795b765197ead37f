#include "core/task/pools.h"

#include <algorithm>
#include <string>

#include "core/base/name_index.h"

namespace thermos {

Pools::Pools(const TaskConfig& task) {
  const auto& named = task.pools.entries;
  if (named.empty()) return;
  NameIndex names;
  const auto name_of = [&named](std::uint32_t pool) -> const std::string& {
    return named[pool].first;
  };
  for (std::uint32_t pool = 0; pool < named.size(); ++pool) {
    pools_.push_back({.free = named[pool].second});
    names.add(name_of(pool), pool);
  }
  first_use_.reserve(task.processes.size() + 1);
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    first_use_.push_back(static_cast<std::uint32_t>(uses_.size()));
    for (const auto& [name, amount] : task.processes[p].uses.entries) {
      uses_.push_back({.process = p, .pool = *names.find(name, name_of), .amount = amount});
    }
  }
  first_use_.push_back(static_cast<std::uint32_t>(uses_.size()));
  enough_.resize(task.processes.size());
  places_.resize(task.processes.size());
}

void Pools::line_up(ProcessIndex p) {
  for_each_use(p, [this](std::uint32_t use, Pool& pool) {
    const bool ahead =
        pool.first != kNone && places_[uses_[use].process] < places_[uses_[pool.first].process];
    uses_[use].before = ahead ? kNone : pool.last;
    uses_[use].after = ahead ? pool.first : kNone;
    (uses_[use].before == kNone ? pool.first : uses_[uses_[use].before].after) = use;
    (uses_[use].after == kNone ? pool.last : uses_[uses_[use].after].before) = use;
  });
}

void Pools::leave(ProcessIndex p) {
  for_each_use(p, [this](std::uint32_t use, Pool& pool) {
    const auto [before, after] = std::pair(uses_[use].before, uses_[use].after);
    (before == kNone ? pool.first : uses_[before].after) = after;
    (after == kNone ? pool.last : uses_[after].before) = before;
  });
}

void Pools::take(ProcessIndex p) {
  for_each_use(p, [this](std::uint32_t use, Pool& pool) { pool.free -= uses_[use].amount; });
}

void Pools::give_back(ProcessIndex p) {
  for_each_use(p, [this](std::uint32_t use, Pool& pool) { pool.free += uses_[use].amount; });
}

bool Pools::overdrawn(ProcessIndex p) const {
  if (!any()) return false;
  return std::any_of(uses_.begin() + first_use_[p], uses_.begin() + first_use_[p + 1],
                     [this](const Use& use) { return pools_[use.pool].free < 0; });
}

template <typename Change>
void Pools::for_each_use(ProcessIndex p, const Change& change) {
  for (std::uint32_t use = first_use_[p]; use < first_use_[p + 1]; ++use) {
    Pool& pool = pools_[uses_[use].pool];
    take_back(pool);
    change(use, pool);
    tell_enough(pool);
  }
}

void Pools::tell_enough(Pool& pool) {
  if (pool.first == kNone || pool.free < uses_[pool.first].amount) return;
  pool.enough = true;
  const ProcessIndex p = uses_[pool.first].process;
  if (++enough_[p] == first_use_[p + 1] - first_use_[p]) may_start_.emplace(places_[p], p);
}

void Pools::take_back(Pool& pool) {
  if (!pool.enough) return;
  pool.enough = false;
  const ProcessIndex p = uses_[pool.first].process;
  if (enough_[p]-- == first_use_[p + 1] - first_use_[p]) may_start_.erase({places_[p], p});
}

}  // namespace thermos
