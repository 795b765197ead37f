#include "core/runner/backoff.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thermos {
namespace {

bool is_failure(ProcessState state, Origin origin) {
  return state == ProcessState::Failed ||
         (state == ProcessState::Killed && !ended_by_order(state, origin));
}

bool lasted(const Run& run, Timestamp end, Microseconds time) {
  return run.started && end.boot - run.started->boot >= time;
}

}  // namespace

const Backoff* backoff_of(const TaskConfig& task, ProcessIndex p) {
  const Boxed<Backoff>& own = task.processes[p].backoff;
  if (own) return &*own;
  return task.backoff ? &*task.backoff : nullptr;
}

Microseconds backoff_wait(const Backoff& backoff, std::uint32_t failures) {
  const double wait =
      static_cast<double>(backoff.first) * std::pow(backoff.factor, double(failures) - 1);
  // The product may be infinite.
  return wait < static_cast<double>(backoff.most) ? static_cast<Microseconds>(wait) : backoff.most;
}

std::uint32_t failures_in_row(const Backoff& backoff, const ProcessHistory& process,
                              const ProcessStatus& end) {
  if (end.state == ProcessState::Success || process.immediate == process.next_run) return 0;
  if (!is_failure(end.state, end.origin)) return process.failures_in_row;
  if (backoff.reset && lasted(*process.current(), end.at, *backoff.reset)) return 1;
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  return std::min(process.failures_in_row, kMost - 1) + 1;
}

Microseconds wait_before_rerun(const TaskConfig& task, ProcessIndex p, const ProcessHistory& past) {
  const Microseconds least = task.processes[p].min_duration;
  const Backoff* backoff = backoff_of(task, p);
  const Run& run = *past.current();
  if (backoff == nullptr || past.failures_in_row == 0) return least;
  if (!is_failure(run.state, run.origin)) return least;
  return std::max(least, backoff_wait(*backoff, past.failures_in_row));
}

}  // namespace thermos
