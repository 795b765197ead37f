#include "core/runner/resume.h"

#include <algorithm>

namespace thermos {

Timestamp deadline_at_resume(const TaskStatus& last, const BootId& boot, Timestamp now) {
  if (last.boot != boot) {
    // Another boot's clock says nothing here, and the wall clock may have been set: what is left is
    // at most what was left when it was written down.
    const Microseconds allowance = std::max<Microseconds>(0, last.deadline.wall - last.at.wall);
    return later(now, std::clamp<Microseconds>(last.deadline.wall - now.wall, 0, allowance));
  }
  // This clock goes back in another time namespace only, and makes nothing wait longer there.
  const Microseconds allowance = std::max<Microseconds>(0, last.deadline.boot - last.at.boot);
  return last.deadline.boot - now.boot > allowance ? later(now, allowance) : last.deadline;
}

Microseconds kill_time_of(const StopOrder& ending, Timestamp now) {
  const Microseconds allowance = std::max<Microseconds>(0, ending.deadline.boot - ending.at.boot);
  return std::min(ending.deadline.boot, later(now, allowance).boot);
}

Microseconds end_began(const History& history, bool regular, const BootId& boot, Timestamp now) {
  for (const TaskStep& step : history.steps()) {
    if (step.status.state == TaskState::Active) continue;
    if (!regular && step.status.goal != TaskState::Lost) continue;
    return step.status.boot == boot ? std::min(step.status.at.boot, now.boot) : now.boot;
  }
  return now.boot;
}

Microseconds boot_time_of_last_end(const ProcessHistory& process, Microseconds wait,
                                   const BootId& boot, Timestamp now) {
  if (process.last_boot == boot) return std::min(process.last_end->boot, now.boot);
  // It ended under another boot. Whatever the wall clock did since, it waits no longer than `wait`
  // from now.
  const Microseconds since = now.wall - process.last_end->wall;
  return now.boot - std::clamp<Microseconds>(since, 0, wait);
}

RunTotals totals_before_current(const ProcessHistory& process) {
  RunTotals totals = process.totals;
  switch (process.current()->state) {
    case ProcessState::Success:
      --totals.success;
      break;
    case ProcessState::Failed:
      --totals.failed;
      break;
    case ProcessState::Killed:
      --totals.killed;
      break;
    case ProcessState::Lost:
      --totals.lost;
      break;
    case ProcessState::Waiting:
    case ProcessState::Forked:
    case ProcessState::Running:
      break;
  }
  return totals;
}

}  // namespace thermos
