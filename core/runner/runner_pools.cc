// What a runner does about pools that others share with its task, or may have overdrawn.
#include "core/runner/runner.h"

namespace thermos {

void Runner::on(const PoolTurn& /*event*/) {}  // advance() asks the plan whose turn it is

void Runner::retry_launches() {
  while (const auto p = launches_.pop_retry(now_.boot)) {
    // A resume may have found more runs since: of other tasks, at the daemon's pools.
    if (plan_of(*p).overdrawn(*p)) {
      cancel(*p);
    } else {
      take(*p, LaunchEvent::Due);
    }
  }
}

void Runner::give_up_pools() {
  regular_.give_up();
  final_.give_up();
}

}  // namespace thermos
