// The launches of all processes of a task: which are live, and whose time comes next.
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
  // The launches of processes 0 to `processes` - 1, all idle.
  explicit Launches(std::size_t processes);

  const LaunchControl& of(ProcessIndex p) const { return controls_[p]; }
  bool is_live(ProcessIndex p) const { return live_.has(p); }  // not idle
  bool any_live() const { return !live_.empty(); }

  // Calls LaunchControl::take(), and updates the times below. Carries out AwaitRetry itself.
  std::optional<LaunchAct> take(ProcessIndex p, LaunchEvent event, Microseconds now);

  bool any_retry() const { return !retries_.empty(); }
  // Removes and returns a process whose next try is due, in order of time.
  std::optional<ProcessIndex> pop_retry(Microseconds now) { return retries_.pop_due(now); }
  // If `p` awaits its next try, makes it due at `now`.
  void retry_now(ProcessIndex p, Microseconds now);

  // Sets when the live run of `p` is to be killed, unless it has ended by then.
  void kill_at(ProcessIndex p, Microseconds at) { kills_.set(p, at); }
  bool any_kill() const { return !kills_.empty(); }
  // Removes and returns a process that is to be killed, in order of time.
  std::optional<ProcessIndex> pop_kill(Microseconds now) { return kills_.pop_due(now); }
  // Returns all processes that have a time to be killed at, in order of time.
  std::vector<ProcessIndex> with_kill() const { return kills_.in_order(); }

  // Returns when the next retry or kill is due; nothing if there is none.
  std::optional<Microseconds> next_due() const;

  // Returns the live processes, to be told to end, or (`hard`) to die. Returns none if all of them
  // were told so and none became live since: to tell them all at every event while a task ends
  // would take quadratic time.
  std::vector<ProcessIndex> untold(bool hard);
  // Makes the next untold() return all live processes again, because what is known of their time
  // changed.
  void tell_again() { told_ = Told::Nothing; }

 private:
  enum class Told : std::uint8_t { Nothing, Terminate, Kill };

  std::vector<LaunchControl> controls_;
  ProcessSet live_;
  Told told_ = Told::Nothing;  // what untold() was last asked for, until a process becomes live
  ProcessTimers retries_;      // of the processes that are Retrying
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
