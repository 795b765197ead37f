#include "core/task/shared_pools.h"

#include <algorithm>
#include <tuple>

namespace thermos {

SharedPools::SharedPools(const Named<std::uint32_t>& pools) : sizes_(pools) {
  pools_.resize(pools.entries.size());
  for (std::uint32_t pool = 0; pool < pools_.size(); ++pool) pools_[pool].free = size(pool);
}

// A linear search, because a daemon has few pools.
std::optional<std::uint32_t> SharedPools::find(std::string_view name) const {
  for (std::uint32_t pool = 0; pool < pools_.size(); ++pool) {
    if (sizes_.entries[pool].first == name) return pool;
  }
  return std::nullopt;
}

std::vector<SharedPools::Share> SharedPools::shares(std::uint32_t pool) const {
  std::vector<Share> shares;
  for (const User* user : users_) user->add_shares(pool, shares);
  std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
    if (a.place != b.place) return a.place < b.place;  // nothing is less than any place
    return std::tie(a.task_id, a.process) < std::tie(b.task_id, b.process);
  });
  return shares;
}

void SharedPools::ask(Line& line, std::int64_t place, std::uint32_t amount) {
  if (line.amount == amount && (amount == 0 || line.place == place)) return;
  Pool& pool = pools_[line.pool];
  if (line.amount != 0) pool.lines.erase({line.place, &line});
  line.place = place;
  line.amount = amount;
  if (line.amount != 0) pool.lines.emplace(place, &line);
  settle(pool);
}

void SharedPools::take(std::uint32_t pool, std::int64_t amount) {
  pools_[pool].free -= amount;
  settle(pools_[pool]);
}

void SharedPools::close() {
  ++closed_;
  for (Pool& pool : pools_) settle(pool);
}

void SharedPools::open() {
  --closed_;
  for (Pool& pool : pools_) settle(pool);
}

void SharedPools::settle(Pool& pool) {
  Line* next = nullptr;
  if (closed_ == 0 && !pool.lines.empty()) {
    Line* const first = pool.lines.begin()->second;
    if (pool.free >= first->amount) next = first;
  }
  Line* const before = std::exchange(pool.turn, next);
  if (before == next) return;
  if (before != nullptr) {
    before->turn = false;
    before->user->turn_changed(*before);
  }
  if (next != nullptr) {
    next->turn = true;
    next->user->turn_changed(*next);
  }
}

}  // namespace thermos
