#include "shared_rules.h"

#include <algorithm>

#include "broken.h"

namespace thermos::sim {
namespace {

std::uint32_t amount_in(const Named<std::uint32_t>& amounts, const std::string& name) {
  for (const auto& [known, amount] : amounts.entries) {
    if (known == name) return amount;
  }
  return 0;
}

}  // namespace

std::string SharedRules::name(Member m) const {
  return script_.tasks[m.first].task.name + "/" +
         script_.tasks[m.first].task.processes[m.second].name;
}

std::uint32_t SharedRules::used(Member m, const std::string& pool) const {
  return amount_in(script_.tasks[m.first].task.processes[m.second].uses, pool);
}

bool SharedRules::share(Member a, Member b) const {
  const auto both = [&](const Named<std::uint32_t>& pools) {
    return std::any_of(pools.entries.begin(), pools.entries.end(), [&](const auto& pool) {
      return used(a, pool.first) != 0 && used(b, pool.first) != 0;
    });
  };
  return both(script_.pools) || (a.first == b.first && both(script_.tasks[a.first].task.pools));
}

bool SharedRules::possible(Member m) const {
  return std::all_of(
      script_.pools.entries.begin(), script_.pools.entries.end(),
      [&](const auto& pool) { return used(m, pool.first) <= amount_in(sizes_, pool.first); });
}

bool SharedRules::fits(Member m, const std::set<Member>& holders) const {
  const auto free_in = [&](const Named<std::uint32_t>& pools, bool own) {
    return std::all_of(pools.entries.begin(), pools.entries.end(), [&](const auto& pool) {
      std::uint32_t taken = used(m, pool.first);
      if (taken == 0) return true;
      for (const Member& other : holders) {
        if (other != m && (!own || other.first == m.first)) taken += used(other, pool.first);
      }
      return taken <= pool.second;
    });
  };
  Named<std::uint32_t> sizes = sizes_;
  for (const auto& [pool, amount] : script_.pools.entries) {
    if (amount_in(sizes_, pool) == 0) sizes.entries.emplace_back(pool, 0);
  }
  return free_in(sizes, false) && free_in(script_.tasks[m.first].task.pools, true);
}

void SharedRules::restarted(const Named<std::uint32_t>& sizes, const std::set<Member>& unsure,
                            Microseconds now) {
  sizes_ = sizes;
  asked_.clear();
  unsure_ = unsure;
  restarted_at_ = now;
}

void SharedRules::starts(Member m, const std::set<Member>& holders) {
  require(fits(m, holders), name(m) + " starts: a pool is overdrawn");
  const auto mine = asked_.find(m);
  if (mine != asked_.end() && ordered(m)) {
    for (const auto& [other, at] : asked_) {
      if (other == m || !ordered(other) || !share(m, other)) continue;
      const auto& [time, place] = at;
      const bool before =
          time < mine->second.first || (time == mine->second.first && place < mine->second.second);
      require(!before, name(m) + " overtakes " + name(other) + " at a pool");
    }
  }
  asked_.erase(m);
  unsure_.erase(m);
}

void SharedRules::waiting(const std::set<Member>& waiting, const std::set<Member>& holders,
                          const std::set<Member>& others, Microseconds now) {
  bool all_fit = !waiting.empty() && others.empty();
  for (const Member& m : waiting) {
    const bool fits_now = fits(m, holders);
    all_fit = all_fit && fits_now;
    const auto in_the_way = [&](const Member& other) { return other != m && share(m, other); };
    const bool others_wait = std::any_of(waiting.begin(), waiting.end(), in_the_way) ||
                             std::any_of(others.begin(), others.end(), in_the_way);
    require(!fits_now || others_wait, name(m) + ": its pools are free and it is left waiting");
  }
  require(!all_fit, "everybody's pools are free and nobody starts");
  std::map<Member, std::pair<Microseconds, std::size_t>> asked;
  for (const Member& m : waiting) {
    if (unsure_.contains(m)) continue;
    const auto before = asked_.find(m);
    if (before == asked_.end()) ++waits_;
    asked[m] = before == asked_.end() ? std::pair(now, now == restarted_at_ ? m.first : 0)
                                      : before->second;
  }
  asked_ = std::move(asked);
}

}  // namespace thermos::sim
