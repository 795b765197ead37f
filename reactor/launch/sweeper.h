// Kills the process tree that a vanished coordinator left, including the parts that left its
// session (setsid, double fork).
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/record/record.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/identity.h"
#include "reactor/os/spare_descriptors.h"

namespace thermos {

class Sweeper {
 public:
  // The run whose coordinator vanished, as far as it is known.
  struct Leftover {
    Identity coordinator;   // its pid is also the number of its session
    Identity process;       // pid 0: it was never seen running
    bool was_ours = false;  // the coordinator was our child, so we adopted its orphans
    std::string group;      // the directory of its control group; empty: none
  };

  // `spares` has at least three descriptors: one to list /proc, one to read a file in it, one for a
  // pidfd. When no descriptor is left, one sweep works with these, and other sweeps at the same
  // time try again later. `is_known_child` returns true for our children that are not orphans
  // (coordinators, the fork server).
  Sweeper(Loop& loop, Deadlines& deadlines, SpareDescriptors& spares,
          std::function<bool(pid_t)> is_known_child);

  // Kills (SIGKILL) all processes of `leftover`, waits until they are gone, and repeats that until
  // it finds none. Then it calls `done`, possibly inside this call.
  void sweep(const Leftover& leftover, std::function<void()> done);

 private:
  struct Sweep;
  void look(const std::shared_ptr<Sweep>& sweep);
  // Returns false if a shortage on the machine kept it from seeing all processes of the run.
  bool kill(const std::shared_ptr<Sweep>& sweep);
  std::optional<std::vector<Identity>> find(const Leftover& leftover) const;

  Loop& loop_;
  Deadlines& deadlines_;
  SpareDescriptors& spares_;
  std::function<bool(pid_t)> is_known_child_;
  // Whether this process already had children at its start (from a shell that exec'd us). Then an
  // unknown child may belong to them, and is not killed.
  bool born_with_children_ = false;
};

}  // namespace thermos
