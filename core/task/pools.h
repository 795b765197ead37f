// The pools of a task: how much of each is free, and who waits for what.
//
// Whoever waits stands in a line at each pool that it uses, in the order of asking. It may start
// when it is the first in all of its lines and enough is free at each. So the first in a line has
// what is free there reserved: no later, smaller one overtakes it, and whoever uses other pools
// passes by. The one who asked first of all is the first in all of its lines, so somebody can
// always go on when the others end, and nobody waits for ever.
//
// At a pool of the daemon (shared_pools.h) the first in the task's line is the first of all when
// its place comes before those of all other tasks' lines there. Who uses one that the daemon does
// not have, or asks for more than there is (a daemon may be started with smaller pools), stands in
// no line.
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

// Each call takes as many steps as the process uses pools. For a task without pools it holds
// nothing, and no process uses any.
class Pools final : private SharedPools::User {
 public:
  // `used`: whether any process uses a pool, so that a task without them is not gone over again.
  // REQUIRES: check_task(task) found no error. `task` and the daemon's pools outlive this.
  Pools(const TaskConfig& task, PoolAccess access, bool used);
  ~Pools() override { give_up(); }

  bool any() const { return !pools_.empty(); }
  bool uses(ProcessIndex p) const { return any() && first_use_[p] != first_use_[p + 1]; }
  // Whether processes of this task use the daemon's pools.
  bool shared() const { return shared_; }
  // Whether it uses what it can't have, and so stands in no line. REQUIRES: any().
  bool never(ProcessIndex p) const { return never_[p]; }

  // Gives `p` its place in the order of asking, behind all others or before them. A process that
  // uses no pool has one too, so that first() can be compared with it. REQUIRES: any().
  void place_last(ProcessIndex p) { places_[p] = last_place_++; }
  void place_first(ProcessIndex p) { places_[p] = --first_place_; }
  std::int64_t place(ProcessIndex p) const { return places_[p]; }

  // Lines `p` up for all that it uses, and takes it out of its lines. REQUIRES for line_up(): its
  // place is behind all who wait, or before all of them; the latter is `first`, and puts it before
  // all of other tasks, too.
  void line_up(ProcessIndex p, bool first);
  void leave(ProcessIndex p);
  // Of those who may start now, the one who asked first; nothing if there is none.
  std::optional<ProcessIndex> first() const {
    return may_start_.empty() ? std::nullopt : std::optional(may_start_.begin()->second);
  }

  // `p` starts, whether or not all is free that it uses (a resume finds runs that a launch which
  // was called off has made too many); it has ended. REQUIRES: any(), and it waits in no line.
  void take(ProcessIndex p);
  void give_back(ProcessIndex p);
  // Whether more is taken than there is of something that `p` uses.
  bool overdrawn(ProcessIndex p) const;
  // Gives all of the daemon's pools back, also what is in use. REQUIRES: nobody stands in line, and
  // nobody lines up any more.
  void give_up();

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  // What one process uses of one pool. While it waits, its neighbours in the pool's line.
  struct Use {
    ProcessIndex process = 0;
    std::uint32_t pool = 0;
    std::uint32_t amount = 0;
    std::uint32_t before = kNone;
    std::uint32_t after = kNone;
  };
  struct Pool {
    std::int64_t free = 0;
    std::uint32_t first = kNone;  // of its line; an index in uses_
    std::uint32_t last = kNone;
    bool enough = false;  // for the first in line, who is told so
    std::int64_t taken = 0;
    SharedPools::Line* line = nullptr;  // of one of the daemon's
  };
  void add_uses();
  Pool of_daemon(const std::string& name);
  void take(Pool& pool, std::int64_t amount);
  std::int64_t free(const Pool& pool) const {
    return pool.line == nullptr ? pool.free : access_.pools->free(pool.line->pool);
  }

  // Calls `change` with each use of `p` and its pool, and tells who is the first in line there
  // before and after whether there is enough for it.
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
  bool acting_ = false;  // what changes is of our own doing
  std::vector<Pool> pools_;
  std::deque<SharedPools::Line> lines_;  // at the daemon's
  std::vector<Use> uses_;                // by process
  std::vector<std::uint32_t> first_use_;
  std::vector<std::uint32_t> enough_;  // at how many of its pools a process is first with enough
  std::vector<std::int64_t> places_;
  std::int64_t first_place_ = 0;
  std::int64_t last_place_ = 0;
  std::vector<std::int64_t> shared_places_;
  std::vector<bool> never_;  // it uses what it can't have
  std::vector<bool> holds_;
  std::set<std::pair<std::int64_t, ProcessIndex>> may_start_;
};

}  // namespace thermos
