#include "processes.h"

#include <utility>

#include "script.h"

namespace thermos::sim {
namespace {

constexpr std::int32_t kFirstPid = 1000;
// A pid comes again only when all others were handed out: not as soon as news may be under way.
constexpr Microseconds kPidRests = 4 * kLatency;

}  // namespace

// One of the next few that are free, so that a pid soon comes again.
Identity Processes::born(Parent parent) {
  std::int32_t pid = kFirstPid + static_cast<std::int32_t>(random_.below(4));
  while (table_.count(pid) == 1 || resting_.count(pid) == 1) ++pid;
  table_[pid] = {++ticks_, parent, false};
  return {pid, ticks_};
}

void Processes::exits(std::int32_t pid) {
  const auto it = table_.find(pid);
  if (it == table_.end() || it->second.zombie) return;
  it->second.zombie = true;
  const Identity identity{pid, it->second.ticks};
  const Parent parent = it->second.parent;
  std::map<Pidfd, Watch> ready;
  for (const auto& [pidfd, watch] : pidfds_) {
    if (watch.identity == identity) ready.emplace(pidfd, watch);
  }
  for (const auto& [pidfd, watch] : ready) watch.ready();
  if (parent == 0) {
    reaped_by_init(pid);
  } else {
    on_child(parent);
  }
}

void Processes::reaped_by_init(std::int32_t pid) {
  life_.after(random_.between(0, kLatency / 10), [this, pid, ticks = table_.at(pid).ticks] {
    const auto it = table_.find(pid);
    if (it != table_.end() && it->second.ticks == ticks) free(pid);
  });
}

void Processes::free(std::int32_t pid) {
  table_.erase(pid);
  resting_.insert(pid);
  life_.after(kPidRests, [this, pid] { resting_.erase(pid); });
}

void Processes::orphan(Parent parent) {
  for (auto& [pid, process] : table_) {
    if (process.parent != parent) continue;
    process.parent = 0;
    if (process.zombie) reaped_by_init(pid);
  }
}

void Processes::power_cut() {
  life_.renew();
  table_.clear();
  resting_.clear();
  pidfds_.clear();
  ticks_ = 0;
}

std::optional<Identity> Processes::named(std::int32_t pid) const {
  const auto it = table_.find(pid);
  if (it == table_.end()) return std::nullopt;
  return Identity{pid, it->second.ticks};
}

bool Processes::lives(const Identity& identity) const {
  const auto it = table_.find(identity.pid);
  return it != table_.end() && it->second.ticks == identity.ticks && !it->second.zombie;
}

std::optional<std::int32_t> Processes::reap(Parent parent) {
  for (const auto& [pid, process] : table_) {
    if (process.parent != parent || !process.zombie) continue;
    const std::int32_t reaped = pid;
    free(reaped);
    return reaped;
  }
  return std::nullopt;
}

bool Processes::is_child(Parent parent, std::int32_t pid) const {
  const auto it = table_.find(pid);
  return it != table_.end() && it->second.parent == parent;
}

Processes::Pidfd Processes::open(const Identity& identity, std::function<void()> ready) {
  const auto there = named(identity.pid);
  if (!there || !(*there == identity)) return 0;
  const Pidfd pidfd = next_pidfd_++;
  const auto& watch = pidfds_[pidfd] = {identity, std::move(ready)};
  if (!lives(identity)) watch.ready();
  return pidfd;
}

void Processes::close(Pidfd pidfd) {
  pidfds_.erase(pidfd);
}

}  // namespace thermos::sim
