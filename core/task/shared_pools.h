// The pools that the tasks of one daemon share, and whose turn it is at each.
//
// Every task has queues of its own (pools.h). The queues of all tasks at a shared pool form one
// queue, in the order in which the first process of each has asked; what is free in the pool is
// reserved for the first process of all. A process that waits here already counts towards its
// task's max_concurrency, so only the processes that hold the pool keep it from starting: when they
// end, the process that asked first goes on.
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
    std::int64_t place = 0;    // of its first process
    std::uint32_t amount = 0;  // what its first process asks for; 0: no process waits
    bool turn = false;         // its first process may have the amount now
  };

  // What one process holds of a pool, or waits for.
  struct Share {
    std::string task_id;
    std::string process;
    std::uint32_t amount = 0;
    // The place in the order of asking of a process that waits; nothing: the process holds the
    // share.
    std::optional<std::int64_t> place;
  };

  // One stage of one task. REQUIRES: before it is destroyed, it has left all of its lines and given
  // back everything.
  class User {
   public:
    User() = default;
    User(const User&) = delete;
    User& operator=(const User&) = delete;
    virtual ~User() = default;
    // Is called when `line.turn` has changed. Must not call SharedPools.
    virtual void turn_changed(const Line& line) = 0;
    // Adds the user's shares of a pool.
    virtual void add_shares(std::uint32_t pool, std::vector<Share>& shares) const = 0;
  };

  // `pools`: how much each pool holds, by its name.
  explicit SharedPools(const Named<std::uint32_t>& pools);
  SharedPools(const SharedPools&) = delete;
  SharedPools& operator=(const SharedPools&) = delete;

  const Named<std::uint32_t>& sizes() const { return sizes_; }
  std::optional<std::uint32_t> find(std::string_view name) const;
  std::uint32_t size(std::uint32_t pool) const { return sizes_.entries[pool].second; }
  // Returns how much is free. The amount is below 0 if a resume found more runs than the pool has
  // room for.
  std::int64_t free(std::uint32_t pool) const { return pools_[pool].free; }
  // Returns the processes that hold some of the pool, and then those that wait, in the order of
  // asking.
  std::vector<Share> shares(std::uint32_t pool) const;

  // Returns a new place in the order of asking, behind all others or before them.
  std::int64_t last_place() { return last_place_++; }
  std::int64_t first_place() { return --first_place_; }

  void join(User& user) { users_.insert(&user); }
  void leave(User& user) { users_.erase(&user); }
  // Sets the place and the amount of the first process in this line; amount 0: no process waits
  // there.
  void ask(Line& line, std::int64_t place, std::uint32_t amount);
  // Takes `amount` from what is free, or gives it back if it is negative.
  void take(std::uint32_t pool, std::int64_t amount);

  // After close() it is nobody's turn, until open() was called as often as close(). A daemon uses
  // this at its start: the processes that still run must have their shares before anything new
  // starts.
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

// The access of one task to the pools of its daemon. If `pools` is nullptr, there is no daemon, and
// processes that use a daemon's pools can't start.
struct PoolAccess {
  SharedPools* pools = nullptr;
  std::string task_id;
  // Is called when it is the turn of a process of this task because of another task: the runner is
  // to handle PoolTurn soon. Must not call SharedPools.
  std::function<void()> wake;
};

}  // namespace thermos
