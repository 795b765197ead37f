#include "core/task/pools.h"

#include <algorithm>
#include <string>

#include "core/base/name_index.h"

namespace thermos {

Pools::Pools(const TaskConfig& task, PoolAccess access, bool used)
    : task_(task), access_(std::move(access)) {
  if (!used) return;
  const std::size_t processes = task.processes.size();
  enough_.resize(processes);
  places_.resize(processes);
  shared_places_.resize(processes);
  never_.resize(processes);
  holds_.resize(processes);
  for (const auto& [name, amount] : task.pools.entries) pools_.push_back({.free = amount});
  add_uses();
  shared_ = !lines_.empty();
  if (shared_) access_.pools->join(*this);
}

void Pools::add_uses() {
  NameIndex names;
  std::vector<std::string> known;
  const auto name_of = [&known](std::uint32_t pool) -> const std::string& { return known[pool]; };
  const auto add = [&](const std::string& name) {
    known.push_back(name);
    names.add(name, static_cast<std::uint32_t>(known.size() - 1));
  };
  for (const auto& [name, amount] : task_.pools.entries) add(name);
  first_use_.reserve(task_.processes.size() + 1);
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    first_use_.push_back(static_cast<std::uint32_t>(uses_.size()));
    for (const auto& [name, amount] : task_.processes[p].uses.entries) {
      auto pool = names.find(name, name_of);
      if (!pool) {
        pool = static_cast<std::uint32_t>(known.size());
        add(name);
        pools_.push_back(of_daemon(name));
      }
      uses_.push_back({.process = p, .pool = *pool, .amount = amount});
      const SharedPools::Line* line = pools_[*pool].line;
      const bool unknown = line == nullptr && *pool >= task_.pools.entries.size();
      if (unknown || (line != nullptr && amount > access_.pools->size(line->pool)))
        never_[p] = true;
    }
  }
  first_use_.push_back(static_cast<std::uint32_t>(uses_.size()));
}

// Returns a pool for a name that is not one of the task's pools.
Pools::Pool Pools::of_daemon(const std::string& name) {
  const auto shared = access_.pools == nullptr ? std::nullopt : access_.pools->find(name);
  if (!shared) return {};
  lines_.push_back({.pool = *shared, .user = this});
  return {.line = &lines_.back()};
}

void Pools::line_up(ProcessIndex p, bool first) {
  if (never_[p]) return;
  if (!lines_.empty()) {
    shared_places_[p] = first ? access_.pools->first_place() : access_.pools->last_place();
  }
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
  if (never_[p]) return;
  for_each_use(p, [this](std::uint32_t use, Pool& pool) {
    const auto [before, after] = std::pair(uses_[use].before, uses_[use].after);
    (before == kNone ? pool.first : uses_[before].after) = after;
    (after == kNone ? pool.last : uses_[after].before) = before;
  });
}

void Pools::take(ProcessIndex p) {
  holds_[p] = true;
  for_each_use(p, [this](std::uint32_t use, Pool& pool) { take(pool, uses_[use].amount); });
}

void Pools::give_back(ProcessIndex p) {
  holds_[p] = false;
  for_each_use(p, [this](std::uint32_t use, Pool& pool) {
    take(pool, -static_cast<std::int64_t>(uses_[use].amount));
  });
}

void Pools::take(Pool& pool, std::int64_t amount) {
  pool.taken += amount;
  if (pool.line == nullptr) {
    pool.free -= amount;
  } else {
    access_.pools->take(pool.line->pool, amount);
  }
}

bool Pools::overdrawn(ProcessIndex p) const {
  if (!any()) return false;
  return std::any_of(uses_.begin() + first_use_[p], uses_.begin() + first_use_[p + 1],
                     [this](const Use& use) { return free(pools_[use.pool]) < 0; });
}

void Pools::give_up() {
  if (lines_.empty()) return;
  acting_ = true;
  for (Pool& pool : pools_) {
    if (pool.line == nullptr) continue;
    access_.pools->ask(*pool.line, 0, 0);
    access_.pools->take(pool.line->pool, -pool.taken);
    take_back(pool);
    pool = {.first = pool.first, .last = pool.last};
  }
  access_.pools->leave(*this);
  lines_.clear();
  acting_ = false;
}

template <typename Change>
void Pools::for_each_use(ProcessIndex p, const Change& change) {
  acting_ = true;
  for (std::uint32_t use = first_use_[p]; use < first_use_[p + 1]; ++use) {
    Pool& pool = pools_[uses_[use].pool];
    take_back(pool);
    change(use, pool);
    ask(pool);
    take_back(pool);
    tell_enough(pool);
  }
  acting_ = false;
}

// Asks the daemon for the amount that the first in line wants.
void Pools::ask(Pool& pool) {
  if (pool.line == nullptr) return;
  if (pool.first == kNone) {
    access_.pools->ask(*pool.line, 0, 0);
  } else {
    const Use& use = uses_[pool.first];
    access_.pools->ask(*pool.line, shared_places_[use.process], use.amount);
  }
}

void Pools::tell_enough(Pool& pool) {
  if (pool.first == kNone) return;
  const Use& use = uses_[pool.first];
  if (pool.line == nullptr ? pool.free < use.amount : !pool.line->turn) return;
  pool.enough = true;
  const ProcessIndex p = use.process;
  if (++enough_[p] == first_use_[p + 1] - first_use_[p]) may_start_.emplace(places_[p], p);
}

void Pools::take_back(Pool& pool) {
  if (!pool.enough) return;
  pool.enough = false;
  const ProcessIndex p = uses_[pool.first].process;
  if (enough_[p]-- == first_use_[p + 1] - first_use_[p]) may_start_.erase({places_[p], p});
}

void Pools::turn_changed(const SharedPools::Line& line) {
  for (Pool& pool : pools_) {
    if (pool.line != &line) continue;
    take_back(pool);
    tell_enough(pool);
  }
  if (!acting_ && line.turn && !may_start_.empty() && access_.wake) access_.wake();
}

void Pools::add_shares(std::uint32_t pool, std::vector<SharedPools::Share>& shares) const {
  for (const Pool& mine : pools_) {
    if (mine.line == nullptr || mine.line->pool != pool) continue;
    const auto share_of = [&](const Use& use) {
      return SharedPools::Share{access_.task_id, task_.processes[use.process].name, use.amount,
                                std::nullopt};
    };
    for (const Use& use : uses_) {
      if (&pools_[use.pool] == &mine && holds_[use.process]) shares.push_back(share_of(use));
    }
    for (std::uint32_t use = mine.first; use != kNone; use = uses_[use].after) {
      shares.push_back(share_of(uses_[use]));
      shares.back().place = shared_places_[uses_[use].process];
    }
  }
}

}  // namespace thermos
