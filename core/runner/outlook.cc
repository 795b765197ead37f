#include "core/runner/outlook.h"

#include "core/runner/backoff.h"

namespace thermos {

Outlook outlook_of(const TaskConfig& task, ProcessIndex p, const ProcessHistory& past,
                   Microseconds now) {
  Outlook outlook;
  const ProcessConfig& process = task.processes[p];
  if (past.live() || !past.begun()) return outlook;
  if (past.successes() > 0 && !process.daemon) return outlook;
  if ((process.max_failures != 0 && past.failures() >= process.max_failures) ||
      (process.max_kills != 0 && past.kills() >= process.max_kills)) {
    outlook.fatal = !process.ephemeral;
    return outlook;
  }
  if (past.held || past.immediate == past.next_run) return outlook;
  const Microseconds at = later(*past.last_end, wait_before_rerun(task, p, past)).wall;
  if (at > now) outlook.next_try = at;
  return outlook;
}

}  // namespace thermos
