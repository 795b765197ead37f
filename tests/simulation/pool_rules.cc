#include "pool_rules.h"

#include <algorithm>
#include <string>

#include "broken.h"

namespace thermos::sim {
std::uint32_t PoolRules::used(ProcessIndex p, const std::string& pool) const {
  for (const auto& [name, amount] : script_.task.processes[p].uses.entries) {
    if (name == pool) return amount;
  }
  return 0;
}

bool PoolRules::fits(ProcessIndex p, const std::vector<ProcessIndex>& running) const {
  return std::all_of(script_.task.pools.entries.begin(), script_.task.pools.entries.end(),
                     [&](const auto& pool) {
                       std::uint32_t taken = used(p, pool.first);
                       if (taken == 0) return true;
                       for (const ProcessIndex q : running) taken += used(q, pool.first);
                       return taken <= pool.second;
                     });
}

bool PoolRules::share(ProcessIndex a, ProcessIndex b) const {
  const auto& uses = script_.task.processes[a].uses.entries;
  return std::any_of(uses.begin(), uses.end(),
                     [&](const auto& use) { return used(b, use.first) != 0; });
}

void PoolRules::check_fits(ProcessIndex p, const std::vector<ProcessIndex>& running) const {
  require(fits(p, running), script_.task.processes[p].name + ": a pool is overdrawn");
}

void PoolRules::check_turn(ProcessIndex p) {
  const auto mine = asked_.find(p);
  if (mine != asked_.end() && unsure_.count(p) == 0) {
    for (const auto& [other, at] : asked_) {
      if (other == p || unsure_.count(other) != 0 || at >= mine->second) continue;
      require(!share(p, other), script_.task.processes[p].name + " overtakes " +
                                    script_.task.processes[other].name + " at a pool");
    }
  }
  asked_.erase(p);
  unsure_.erase(p);
}

void PoolRules::waiting(const std::vector<ProcessIndex>& waiting,
                        const std::vector<ProcessIndex>& running,
                        const std::vector<ProcessIndex>& others, Microseconds now) {
  const auto others_wait = [&](ProcessIndex p) {
    const auto is_in_the_way = [&](ProcessIndex q) { return q != p && share(p, q); };
    return std::any_of(waiting.begin(), waiting.end(), is_in_the_way) ||
           std::any_of(others.begin(), others.end(), is_in_the_way);
  };
  // They may have asked already.
  unsure_.insert(others.begin(), others.end());
  bool all_fit = !waiting.empty() && others.empty();
  for (const ProcessIndex p : waiting) {
    const bool fits_now = fits(p, running);
    all_fit = all_fit && fits_now;
    require(!fits_now || others_wait(p),
            script_.task.processes[p].name + ": its pools are free and it is left waiting");
  }
  require(!all_fit, "everybody's pools are free and nobody starts");
  std::map<ProcessIndex, Microseconds> asked;
  for (const ProcessIndex p : waiting) {
    const auto before = asked_.find(p);
    asked[p] = before == asked_.end() ? now : before->second;
  }
  asked_ = std::move(asked);
}

}  // namespace thermos::sim
