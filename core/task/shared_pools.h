// The pools that the tasks of one daemon share, and whose turn it is at each.
//
// Every task has queues of its own (pools.h). Those at a shared pool stand in one queue over all
// tasks, in the order in which the first process of each has asked; what is free in the pool is
// reserved for the first of all. A process that waits here is counted by its task's max_concurrency
// already, so only those who hold the pool keep it from starting: when they end, the process that
// asked first goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/task/named.h"

namespace thermos {

class SharedPools {
 public:
  class User;

  // The line of one user at one pool.
  struct Line {
    std::uint32_t pool = 0;
    User* user = nullptr;
    std::int64_t place = 0;    // of its first
    std::uint32_t amount = 0;  // that its first asks for; 0: nobody waits
    bool turn = false;         // its first may have it now
  };

  // What one process has of a pool, or waits for.
  struct Share {
    std::string task_id;
    std::string process;
    std::uint32_t amount = 0;
    std::optional<std::int64_t> place;  // in the order of asking, of one that waits
  };

  // One stage of one task. REQUIRES: it has left all of its lines, and given back everything,
  // before it is destroyed.
  class User {
   public:
    User() = default;
    User(const User&) = delete;
    User& operator=(const User&) = delete;
    virtual ~User() = default;
    // `line.turn` has changed. It must not call SharedPools.
    virtual void turn_changed(const Line& line) = 0;
    // Adds its shares of a pool.
    virtual void add_shares(std::uint32_t pool, std::vector<Share>& shares) const = 0;
  };

  // How much there is, by name.
  explicit SharedPools(const Named<std::uint32_t>& pools);
  SharedPools(const SharedPools&) = delete;
  SharedPools& operator=(const SharedPools&) = delete;

  const Named<std::uint32_t>& sizes() const { return sizes_; }
  std::optional<std::uint32_t> find(std::string_view name) const;
  std::uint32_t size(std::uint32_t pool) const { return sizes_.entries[pool].second; }
  // Below 0: a resume found more runs than there is room for.
  std::int64_t free(std::uint32_t pool) const { return pools_[pool].free; }
  // Who has some of it, and then who waits, in the order of asking.
  std::vector<Share> shares(std::uint32_t pool) const;

  // A place in the order of asking behind all others, or before them.
  std::int64_t last_place() { return last_place_++; }
  std::int64_t first_place() { return --first_place_; }

  void join(User& user) { users_.insert(&user); }
  void leave(User& user) { users_.erase(&user); }
  // The first of this line is now at that place, and asks for so much; 0: nobody waits there.
  void ask(Line& line, std::int64_t place, std::uint32_t amount);
  // So much less is free, or more if it is below 0.
  void take(std::uint32_t pool, std::int64_t amount);

  // Until as many calls of open(), it is nobody's turn: at a daemon's start, what still runs must
  // have its share before anything new starts.
  void close();
  void open();

 private:
  struct Pool {
    std::int64_t free = 0;
    std::set<std::pair<std::int64_t, Line*>> lines;  // by their places
    Line* turn = nullptr;
  };

  void settle(Pool& pool);

  Named<std::uint32_t> sizes_;
  std::vector<Pool> pools_;
  std::set<User*> users_;
  std::int64_t first_place_ = 0;
  std::int64_t last_place_ = 0;
  std::uint32_t closed_ = 0;
};

// The access of one task to the pools of its daemon. Without `pools`: there is no daemon, and what
// uses its pools can't start.
struct PoolAccess {
  SharedPools* pools = nullptr;
  std::string task_id;
  // Another task has made it the turn of a process of this one: handle PoolTurn soon. It must not
  // call SharedPools.
  std::function<void()> wake;
};

}  // namespace thermos
