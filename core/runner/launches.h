// The launches of all processes of a task: who is live, and whose time comes next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/times.h"
#include "core/runner/launch_control.h"
#include "core/runner/process_set.h"
#include "core/runner/process_timers.h"
#include "core/task/graph.h"

namespace thermos {

// All times are by the boot clock.
class Launches {
 public:
  // Of processes 0 to `processes` - 1, all idle.
  explicit Launches(std::size_t processes);

  const LaunchControl& of(ProcessIndex p) const { return controls_[p]; }
  bool is_live(ProcessIndex p) const { return live_.has(p); }  // not idle
  bool any_live() const { return !live_.empty(); }

  // LaunchControl::take(), and what follows for the times below. AwaitRetry is done here.
  std::optional<LaunchAct> take(ProcessIndex p, LaunchEvent event, Microseconds now);

  bool any_retry() const { return !retries_.empty(); }
  // One whose next try is due; it is not any more. In order of time.
  std::optional<ProcessIndex> pop_retry(Microseconds now) { return retries_.pop_due(now); }
  // If it awaits its next try, that is due at `now`.
  void retry_now(ProcessIndex p, Microseconds now);

  // The live run of `p` is to be killed at `at`, unless it has ended by then.
  void kill_at(ProcessIndex p, Microseconds at) { kills_.set(p, at); }
  bool any_kill() const { return !kills_.empty(); }
  // One that is to be killed; it is not any more. In order of time.
  std::optional<ProcessIndex> pop_kill(Microseconds now) { return kills_.pop_due(now); }
  // All that have a time to be killed at, in order of time.
  std::vector<ProcessIndex> with_kill() const { return kills_.in_order(); }

  // When the next retry or kill is due; nothing when none stands.
  std::optional<Microseconds> next_due() const;

  // The live ones, to be told to end, or (`hard`) to die. None when all of them were told so and
  // nobody joined them since: to tell them all at every event of an end under way would take as
  // many steps as there are pairs of them.
  std::vector<ProcessIndex> untold(bool hard);
  // They are told once more when untold() is asked next, as what is known of their time changed.
  void tell_again() { told_ = Told::Nothing; }

 private:
  enum class Told : std::uint8_t { Nothing, Terminate, Kill };

  std::vector<LaunchControl> controls_;
  ProcessSet live_;
  Told told_ = Told::Nothing;  // what untold() was last asked for, until somebody joined
  ProcessTimers retries_;      // of those that are Retrying
  ProcessTimers kills_;
};

// In the header to be inlined: a runner calls it at every start and end of a run.
inline std::optional<LaunchAct> Launches::take(ProcessIndex p, LaunchEvent event,
                                               Microseconds now) {
  LaunchControl& control = controls_[p];
  const LaunchState before = control.state();
  const std::optional<LaunchAct> act = control.take(event);
  if (before == LaunchState::Retrying) retries_.clear(p);
  if (act == LaunchAct::AwaitRetry) retries_.set(p, now + control.retry_wait());
  const bool lives = control.state() != LaunchState::Idle;
  if (lives == (before != LaunchState::Idle)) return act;
  if (lives) {
    live_.add(p);
    told_ = Told::Nothing;
  } else {
    live_.remove(p);
    kills_.clear(p);
  }
  return act;
}

inline std::optional<Microseconds> Launches::next_due() const {
  if (retries_.empty()) return kills_.next();
  if (kills_.empty()) return retries_.next();
  return std::min(*retries_.next(), *kills_.next());
}

}  // namespace thermos
