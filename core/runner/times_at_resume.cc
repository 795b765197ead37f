#include "core/runner/times_at_resume.h"

#include <algorithm>

namespace thermos {

Timestamp deadline_at_resume(const TaskStatus& last, const BootId& boot, Timestamp now,
                             const std::optional<Timestamp>& still_since) {
  if (still_since) {
    // Nobody has led the task since it yielded, and nothing of it was to run: that time does not
    // count. The time of the yield is of the same boot as the deadline. The time that a later
    // request left, such as a kill that gives no time, is no longer than it was at that request.
    const Microseconds since = std::max(still_since->boot, last.at.boot);
    return later(now, std::max<Microseconds>(0, last.deadline.boot - since));
  }
  if (last.boot != boot) {
    // The clock of another boot says nothing here, and the wall clock may have been set: the time
    // left is at most what was left when the status was recorded.
    const Microseconds allowance = std::max<Microseconds>(0, last.deadline.wall - last.at.wall);
    return later(now, std::clamp<Microseconds>(last.deadline.wall - now.wall, 0, allowance));
  }
  // This clock goes back only in another time namespace, and makes nothing wait longer there.
  const Microseconds allowance = std::max<Microseconds>(0, last.deadline.boot - last.at.boot);
  return last.deadline.boot - now.boot > allowance ? later(now, allowance) : last.deadline;
}

Microseconds boot_clock_shift(const History& history, Timestamp at, const BootId& boot,
                              Timestamp now) {
  const auto& steps = history.steps();
  const bool one_boot = std::all_of(steps.begin(), steps.end(), [&boot](const TaskStep& step) {
    return step.status.boot == boot;
  });
  if (one_boot) return 0;
  return now.boot - std::max<Microseconds>(0, now.wall - at.wall) - at.boot;
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
  // The run ended under another boot. Whatever the wall clock did since, the process waits no
  // longer than `wait` from now.
  const Microseconds since = now.wall - process.last_end->wall;
  return now.boot - std::clamp<Microseconds>(since, 0, wait);
}

}  // namespace thermos
