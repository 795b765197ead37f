// The pools of a task: how much of each is free, and which processes wait for what.
//
// A process that waits stands in a line at each pool that it uses, in the order of asking. It may
// start when it is the first in all of its lines and enough is free at each pool. So what is free
// in a pool is reserved for the first process in its line: no later process with a smaller share
// overtakes it, and processes that use other pools pass by. The process that asked first of all is
// the first in all of its lines, so some process can always go on when the others end, and none
// waits for ever.
//
// At a pool of the daemon (shared_pools.h) the first process in the task's line is the first of all
// when its place comes before those of all other tasks' lines there. A process that uses a pool
// which the daemon does not have, or asks for more than the pool holds (a daemon may be started
// with smaller pools), stands in no line.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/task/shared_pools.h"
#include "core/task/task.h"

namespace thermos {

// Each call takes as many steps as the process uses pools. For a task without pools, this holds
// nothing, and no process uses any.
class Pools final : private SharedPools::User {
 public:
  // `used`: whether any process uses a pool; if not, the task is not gone through again. REQUIRES:
  // check_task(task) found no error. `task` and the daemon's pools outlive this.
  Pools(const TaskConfig& task, PoolAccess access, bool used);
  ~Pools() override { give_up(); }

  bool any() const { return !pools_.empty(); }
  bool uses(ProcessIndex p) const { return any() && first_use_[p] != first_use_[p + 1]; }
  // Whether processes of this task use the daemon's pools.
  bool shared() const { return shared_; }
  // Whether `p` uses a pool that does not exist, or asks for more than a pool holds, and so stands
  // in no line. REQUIRES: any().
  bool never(ProcessIndex p) const { return never_[p]; }

  // Gives `p` a place in the order of asking, behind all others or before them. A process that uses
  // no pool has a place too, so that first() can be compared with it. REQUIRES: any().
  void place_last(ProcessIndex p) { places_[p] = last_place_++; }
  void place_first(ProcessIndex p) { places_[p] = --first_place_; }
  std::int64_t place(ProcessIndex p) const { return places_[p]; }

  // line_up() puts `p` into the lines of all pools that it uses; leave() takes it out of them.
  // REQUIRES for line_up(): the place of `p` is behind all processes that wait, or before all of
  // them. In the latter case `first` is true, and puts `p` before all processes of other tasks,
  // too.
  void line_up(ProcessIndex p, bool first);
  void leave(ProcessIndex p);
  // Returns the process that asked first of those that may start; nothing if none may.
  std::optional<ProcessIndex> first() const {
    return may_start_.empty() ? std::nullopt : std::optional(may_start_.begin()->second);
  }

  // take(): `p` starts, even if not all that it uses is free (a resume may find too many runs, made
  // by a launch that was called off). give_back(): `p` has ended. REQUIRES: any(), and `p` stands
  // in no line.
  void take(ProcessIndex p);
  void give_back(ProcessIndex p);
  // Whether more is taken of a pool that `p` uses than the pool holds.
  bool overdrawn(ProcessIndex p) const;
  // Gives all of the daemon's pools back, also the shares in use. REQUIRES: no process stands in
  // line, and none lines up any more.
  void give_up();

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  // What one process uses of one pool and, while it waits, its neighbours in the pool's line.
  struct Use {
    ProcessIndex process = 0;
    std::uint32_t pool = 0;
    std::uint32_t amount = 0;
    std::uint32_t before = kNone;
    std::uint32_t after = kNone;
  };
  struct Pool {
    std::int64_t free = 0;
    std::uint32_t first = kNone;  // the first of its line; an index in uses_
    std::uint32_t last = kNone;
    bool enough = false;  // for the first in line, and counted in enough_
    std::int64_t taken = 0;
    // The task's line at a pool of the daemon; nullptr: a pool of the task, or one that does not
    // exist.
    SharedPools::Line* line = nullptr;
  };
  void add_uses();
  Pool of_daemon(const std::string& name);
  void take(Pool& pool, std::int64_t amount);
  std::int64_t free(const Pool& pool) const {
    return pool.line == nullptr ? pool.free : access_.pools->free(pool.line->pool);
  }

  // Calls `change` with each use of `p` and its pool. Before and after, updates whether the first
  // process in that pool's line has enough.
  template <typename Change>
  void for_each_use(ProcessIndex p, const Change& change);
  void ask(Pool& pool);
  void tell_enough(Pool& pool);
  void take_back(Pool& pool);
  void turn_changed(const SharedPools::Line& line) override;
  void add_shares(std::uint32_t pool, std::vector<SharedPools::Share>& shares) const override;

  const TaskConfig& task_;
  PoolAccess access_;
  bool shared_ = false;
  bool acting_ = false;  // we make the change ourselves, so access_.wake() is not called
  std::vector<Pool> pools_;
  std::deque<SharedPools::Line> lines_;  // at the daemon's pools
  std::vector<Use> uses_;                // by process
  std::vector<std::uint32_t> first_use_;
  std::vector<std::uint32_t> enough_;  // at how many of its pools a process is first with enough
  std::vector<std::int64_t> places_;
  std::int64_t first_place_ = 0;
  std::int64_t last_place_ = 0;
  std::vector<std::int64_t> shared_places_;
  std::vector<bool> never_;  // see never()
  std::vector<bool> holds_;
  std::set<std::pair<std::int64_t, ProcessIndex>> may_start_;
};

}  // namespace thermos
