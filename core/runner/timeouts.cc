#include "core/runner/timeouts.h"

#include <algorithm>

#include "core/base/seconds.h"

namespace thermos {
namespace {

std::size_t timers_needed(const TaskConfig& task) {
  const bool any =
      std::any_of(task.processes.begin(), task.processes.end(),
                  [](const ProcessConfig& process) { return process.timeout.has_value(); });
  return any ? task.processes.size() : 0;
}

}  // namespace

Timeouts::Timeouts(const TaskConfig& task) : task_(task), timers_(timers_needed(task)) {}

void Timeouts::watch(ProcessIndex p, const LimitTimes& run, Timestamp now) {
  const std::optional<Microseconds>& timeout = task_.processes[p].timeout;
  if (!timeout) return;
  // A clock that went back (another time namespace) makes nobody wait longer.
  const Microseconds since = std::min(run.began, now.boot);
  timers_.set(p, std::max(add_saturated(since, *timeout), run.extended));
}

void Timeouts::not_running(ProcessIndex p, Timestamp now) {
  const std::optional<Microseconds>& timeout = task_.processes[p].timeout;
  if (timeout) timers_.set(p, add_saturated(now.boot, *timeout));
}

std::string timed_out(Microseconds timeout) {
  return "timed out after " + seconds_text(timeout) + " s";
}

}  // namespace thermos
