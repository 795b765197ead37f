// Runs a task on a machine that is short of one resource, and checks, for each amount of it: the
// task ends by its rules, or the program ends with one line that names the shortage; nothing hangs.
// With enough of the resource, the next start brings the task to SUCCESS, no process that succeeded
// runs twice, and the records are intact.
#pragma once

#include <sys/resource.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "task_run.h"

namespace thermos::real {

// Returns a function for a program's before_exec that sets a resource limit (setrlimit(2)).
// `for_now`: only the soft limit, so that it can be raised again.
std::function<void()> limited(int resource, rlim_t most, bool for_now = false);

// Returns `some` of the sizes, the first and the last among them; all with THERMOS_EVERY_SIZE=1.
std::vector<long> sizes_of(const std::vector<long>& all, std::size_t some);
// Returns `from`, `from` + `step`, ... up to `to`.
std::vector<long> range(long from, long to, long step = 1);

// Five processes, one of which fails at first, and a finalizer. Each run creates a directory
// "ran.NAME.N", which needs no descriptor, process or file data beyond those of the shell.
Json starving_task();

class Starving {
 public:
  explicit Starving(std::string what) : what_(std::move(what)) {}
  ~Starving();  // prints the counts of outcomes

  // Runs the task by `thermos run`. `limit` sets the shortage in the child before exec; `lift` ends
  // a shortage of the site, such as a full disk.
  void run(Site& site, long size, const std::function<void()>& limit,
           const std::function<void()>& lift = {});
  // The same with a thermos-reactor that has the shortage, and clients that do not.
  void serve(Site& site, long size, const std::function<void()>& limit,
             const std::function<void()>& lift = {});

  // Changes the user in the child before exec; empty: the test's user.
  std::function<void()> identity;
  // Whether to raise the limit when a program waits for the resource; otherwise it is killed then.
  bool can_be_fed = true;
  // Whether the kernel reacts to the shortage with SIGKILL, so that the program can print nothing.
  bool kernel_kills = false;

 private:
  void check_end(Site& site, const std::string& where);
  void count(const std::string& outcome) { ++counts_[outcome]; }

  std::string what_;
  std::map<std::string, int> counts_;
};

}  // namespace thermos::real
