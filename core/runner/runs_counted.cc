#include "core/runner/runs_counted.h"

#include "core/record/state.h"

namespace thermos {

RunsBefore runs_before_current(const ProcessHistory& process) {
  RunsBefore past;
  past.successes = process.totals.success;
  // If the process was revived and has not run since, its failures and kills no longer count, those
  // of its last run included.
  const bool fresh = process.revived();
  past.failures = fresh ? 0 : process.failures();
  past.kills = fresh ? 0 : process.kills();
  const Run& run = *process.current();
  const bool ordered = ended_by_order(run.state, run.origin);
  if (run.state == ProcessState::Success) --past.successes;
  if (!fresh && run.state == ProcessState::Failed) --past.failures;
  if (!fresh && run.state == ProcessState::Killed && !ordered) --past.kills;
  const std::uint64_t ended = process.totals.all() - (is_terminal(run.state) ? 1 : 0);
  past.others = ended - past.successes - past.failures - past.kills;
  return past;
}

}  // namespace thermos
