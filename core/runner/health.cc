#include "core/runner/health.h"

#include <algorithm>

#include "core/runner/probe_times.h"

namespace thermos {
namespace {

// No timers where nothing is ever asked: there may be a million processes.
std::size_t timers_for_health(const TaskConfig& task) {
  const bool any =
      std::any_of(task.processes.begin(), task.processes.end(),
                  [](const ProcessConfig& process) { return process.healthy.has_value(); });
  return any ? task.processes.size() : 0;
}

// Returns the first time after `now` that is a number of whole intervals after about `since`.
// REQUIRES: interval > 0.
Microseconds next_time(Microseconds since, Microseconds interval, Microseconds now) {
  since = beat_before(std::min(since, now), interval);
  return add_saturated(since, ((now - since) / interval + 1) * interval);
}

}  // namespace

Health::Health(const TaskConfig& task) : task_(task), questions_(timers_for_health(task)) {}

void Health::watch(ProcessIndex p, const ProcessHistory& process, Microseconds now) {
  const ProcessConfig& config = task_.processes[p];
  if (!config.healthy || process.ending) return;
  if (process.said && process.said->stopping) return;
  const Run& run = *process.current();
  if (config.ready && !run.ready) return;
  const auto [watched, begins] = watched_.try_emplace(p);
  if (run.started && !watched->second.running) {
    watched->second.running = true;
    const Timestamp since = run.ready.value_or(*run.started);
    questions_.set(p, next_time(since.boot, interval_of(p), now));
  } else if (begins) {
    questions_.set(p, add_saturated(now, interval_of(p)));
  }
}

void Health::forget(ProcessIndex p) {
  if (watched_.erase(p) != 0) questions_.clear(p);
}

std::optional<ProcessIndex> Health::pop_question(Microseconds now) {
  const auto p = questions_.pop_due(now);
  if (p) {
    watched_[*p].awaited = true;
    watched_[*p].asked = now;
  }
  return p;
}

bool Health::awaits(ProcessIndex p) const {
  const auto watched = watched_.find(p);
  return watched != watched_.end() && watched->second.awaited;
}

void Health::answered(ProcessIndex p, Microseconds now) {
  Watched& watched = watched_[p];
  watched.awaited = false;
  const Microseconds next = add_saturated(watched.asked, interval_of(p));
  questions_.set(p, std::max(now, beat_before(next, interval_of(p))));
}

void Health::too_early(ProcessIndex p, Microseconds now) {
  watched_[p].awaited = false;
  questions_.set(p, add_saturated(now, interval_of(p)));
}

}  // namespace thermos
