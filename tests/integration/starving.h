// A machine that is too small for a task: what must hold at every size that anything can have.
//
// The task ends by its rules, or the program ends and says in a line what it lacked; nobody hangs.
// When there is enough again, the next start goes on to SUCCESS, nothing that succeeded runs twice,
// and what is on record is whole.
#pragma once

#include <sys/resource.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "task_run.h"

namespace thermos::real {

// For a program's before_exec. `for_now`: it may be raised again.
std::function<void()> limited(int resource, rlim_t most, bool for_now = false);

// THERMOS_EVERY_SIZE=1 asks for all of `all`; else some of them, the ends among them.
std::vector<long> sizes_of(const std::vector<long>& all, std::size_t some);
// `from`, `from` + `step`, ... up to `to`.
std::vector<long> range(long from, long to, long step = 1);

// Five processes, one of which fails first, and a finalizer. Each leaves a directory
// "ran.NAME.N", which takes no descriptor, process or byte beyond its shell's own.
Json starving_task();

class Starving {
 public:
  explicit Starving(std::string what) : what_(std::move(what)) {}
  ~Starving();  // prints what was counted

  // The task under `thermos run`. `limit` puts a program into its narrow place, before it is
  // executed; `lift` makes room in the site again, where that isn't all.
  void run(Site& site, long size, const std::function<void()>& limit,
           const std::function<void()>& lift = {});
  // The same, under a thermos-reactor that is in the narrow place; its clients are not.
  void serve(Site& site, long size, const std::function<void()>& limit,
             const std::function<void()>& lift = {});

  // Who starts the programs; empty: as the test.
  std::function<void()> identity;
  // Whether the limit may be raised while a program waits for that; else it is killed then.
  bool can_be_fed = true;
  // Whether the kernel answers the shortage by SIGKILL: a program can then say nothing.
  bool kernel_kills = false;

 private:
  void check_end(Site& site, const std::string& where);
  void count(const std::string& outcome) { ++counts_[outcome]; }

  std::string what_;
  std::map<std::string, int> counts_;
};

}  // namespace thermos::real
