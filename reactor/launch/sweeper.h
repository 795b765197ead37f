// Ends what a vanished coordinator left running: the whole tree, the parts that went their own way
// (setsid, double fork) included.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/record/record.h"
#include "reactor/loop/loop.h"
#include "reactor/os/identity.h"
#include "reactor/os/spare_descriptors.h"

namespace thermos {

class Sweeper {
 public:
  // What is known of the run whose coordinator vanished.
  struct Leftover {
    Identity coordinator;   // also its session's number
    Identity process;       // pid 0: never seen running
    bool was_ours = false;  // the coordinator was our child, so its orphans came to us
    std::string group;      // the directory of its control group; empty: none
  };

  // `spares`: three at least, for a day on which /proc would seem empty for want of a descriptor:
  // one to list it, one to read in it, one to hold a victim by.
  // `is_known_child`: children of ours that are not orphans (coordinators, the fork server).
  Sweeper(Loop& loop, SpareDescriptors& spares, std::function<bool(pid_t)> is_known_child);

  // Kills (SIGKILL) everything of `leftover`, waits until it is gone, looks again until nothing is
  // found, then calls `done` (perhaps inside this call).
  void sweep(const Leftover& leftover, std::function<void()> done);

 private:
  struct Sweep;
  void look(const std::shared_ptr<Sweep>& sweep);
  void kill(const std::shared_ptr<Sweep>& sweep);
  std::vector<Identity> find(const Leftover& leftover) const;

  Loop& loop_;
  SpareDescriptors& spares_;
  std::function<bool(pid_t)> is_known_child_;
  // Whether children stood under us before we had any of our own (a shell that exec'd us): then an
  // unknown child may be one of theirs, and is left alone.
  bool born_with_children_ = false;
};

}  // namespace thermos
