// What a runner does about the limits of runs: it ends those whose time is over, and counts the
// failures for the waits behind them.
#include <algorithm>
#include <string>

#include "core/runner/backoff.h"
#include "core/runner/order.h"
#include "core/runner/runner.h"
#include "core/runner/times_at_resume.h"

namespace thermos {
namespace {

// Returns how far our clock is ahead of the one by which this order was recorded.
template <typename Clocks>
Microseconds ahead_of(const Clocks& clocks, ProcessIndex p, const StopOrder& ending) {
  const auto other = clocks.find(p);
  if (other == clocks.end() || other->second.run != ending.run) return 0;
  return other->second.ending_at == ending.at ? other->second.shift : 0;
}

// Returns when the run asked for more time, as it was known at the resume; nothing if it asked
// after that. The history keeps only the wall time of it.
template <typename Clock>
std::optional<Timestamp> asked_before(const Clock& clock, const Timestamp& asked) {
  const auto& known = clock.extended_at;
  return known && known->wall == asked.wall ? known : std::nullopt;
}

// Returns when the run asked for more time by our boot clock, whoever led then; nothing if it did
// not.
template <typename Clocks>
std::optional<Microseconds> asked_at(const Clocks& clocks, ProcessIndex p, std::uint32_t run,
                                     const Said& said) {
  if (!said.extended_at) return std::nullopt;
  const auto other = clocks.find(p);
  if (other == clocks.end() || other->second.run != run) return said.extended_at->boot;
  const auto before = asked_before(other->second, *said.extended_at);
  return before ? before->boot + other->second.shift : said.extended_at->boot;
}

}  // namespace

void Runner::watch(ProcessIndex p) {
  const LimitTimes times = times_of(p);
  timeouts_.watch(p, times, now_);
  readiness_.watch(p, past(p), times, now_.boot);
  health_.watch(p, past(p), now_.boot);
}

LimitTimes Runner::times_of(ProcessIndex p) const {
  const Run& run = *past(p).current();
  const Rare<Said>& said = past(p).said;
  LimitTimes times{run.started ? run.started->boot : run.waiting.boot, said ? said->until : 0};
  const auto other = other_clocks_.find(p);
  if (other == other_clocks_.end() || other->second.run != run.number) return times;
  const OtherClock& clock = other->second;
  if (run.started.has_value() == clock.started) times.began += clock.shift;
  const bool has_asked = said && said->extended_at;
  if (has_asked && asked_before(clock, *said->extended_at)) times.extended += clock.shift;
  return times;
}

// REQUIRES: an order ends its run.
Microseconds Runner::kill_time_of_order(ProcessIndex p) const {
  StopOrder ending = *past(p).ending;
  const Microseconds ahead = ahead_of(other_clocks_, p, ending);
  ending.at.boot += ahead;
  ending.deadline.boot += ahead;
  return kill_time_of(ending, now_);
}

// Returns when SIGKILL follows for a run that was told to end: by the order that ends it, or by its
// stop_wait from when the end of the task reached it, whichever is sooner. If the run asks for more
// time after that, SIGKILL comes later; the deadline of the task stands all the same. Nothing: that
// deadline alone counts.
std::optional<Microseconds> Runner::kill_time(ProcessIndex p) const {
  std::optional<Microseconds> time;
  const Rare<Said>& said = past(p).said;
  const auto asked =
      said ? asked_at(other_clocks_, p, past(p).current()->number, *said) : std::nullopt;
  const auto told = [&](Microseconds when, Microseconds at) {
    if (asked && *asked >= when) at = std::max(at, times_of(p).extended);
    time = time ? std::min(*time, at) : at;
  };
  if (const auto& ending = past(p).ending) {
    told(ending->at.boot + ahead_of(other_clocks_, p, *ending), kill_time_of_order(p));
  }
  const auto& wait = task_.processes[p].stop_wait;
  const bool reached = regular_.has(p) || goal_ == TaskState::Lost;
  if (wait && reached && state() != TaskState::Active) {
    const Microseconds since = end_began(history_, regular_.has(p), self_.boot, now_);
    told(since, add_saturated(since, *wait));
  }
  return time;
}

void Runner::take_record(ProcessIndex p, ProcessStatus status) {
  const auto& ending = past(p).ending;
  count_as_ordered(past(p), status, ending ? ahead_of(other_clocks_, p, *ending) : 0);
  count_failures(p, status);
  status.reason = keep(status.reason);
  count_kills(p, status);
  append(status, durable(p, status.state));
  if (!error_) heard_of(p, status.state);
}

void Runner::watch_launch(ProcessIndex p) {
  timeouts_.not_running(p, now_);
  readiness_.watch(p, past(p), times_of(p), now_.boot);
  health_.watch(p, past(p), now_.boot);
}

void Runner::forget(ProcessIndex p) {
  untold_.erase(p);
  timeouts_.forget(p);
  readiness_.forget(p);
  health_.forget(p);
}

bool Runner::gone(ProcessIndex p) const {
  return held_back(p) || launches_.of(p).state() == LaunchState::Sweeping ||
         (!past(p).current()->node && past(p).current()->boot != self_.boot);
}

// Ends the runs whose time is over, but not those that are ending anyway.
void Runner::end_overdue() {
  while (const auto p = timeouts_.pop_due(now_)) {
    if (launches_.of(*p).state() == LaunchState::Sweeping) continue;
    if (held_back(*p)) continue;  // it has ended
    if (is_ending(*p)) continue;
    const Run& run = *past(*p).current();
    // A run of another boot is gone, and its times mean nothing here.
    if (run.forked && !run.node && run.boot != self_.boot) continue;
    if (run.started) {
      fail(*p, keep(timed_out(*task_.processes[*p].timeout)));
    } else {
      timeouts_.not_running(*p, now_);
      effects_.emplace_back(Look{*p});
    }
  }
}

// Ends the run under way, which counts as FAILED. That is recorded first, so that a crash between
// the record and the signal changes nothing.
void Runner::fail(ProcessIndex p, std::string_view reason) {
  append(ProcessOrder{task_.processes[p].name, Verb::Fail, now_,
                      later(now_, stop_wait_of(task_, p)), reason},
         true);
  end_by_order(p);
}

// Counts the end of the current run of `p` towards its limits.
void Runner::count_run(ProcessIndex p, Microseconds end, Microseconds wait) {
  TaskPlanner& plan = plan_of(p);
  const Run& run = *past(p).current();
  const bool counts = !past(p).revived();  // the last run of a revived process has counted already
  if (counts && run.state == ProcessState::Success) {
    plan.add_success(p, end);
  } else if (counts && run.state == ProcessState::Failed) {
    plan.add_failure(p, end, wait);
  } else if (counts && run.state == ProcessState::Killed &&
             !ended_by_order(run.state, run.origin)) {
    plan.add_killed(p, end, wait);
  } else {
    plan.add_lost(p, end, wait);
  }
}

// If a KILLED run fails its process by max_kills, says so in its reason.
void Runner::count_kills(ProcessIndex p, ProcessStatus& status) {
  const std::uint32_t limit = task_.processes[p].max_kills;
  if (limit == 0 || status.state != ProcessState::Killed) return;
  if (status.origin == Origin::Ordered || past(p).kills() + 1 < limit) return;
  const std::string times = limit == 1 ? "once" : std::to_string(limit) + " times";
  const std::string before = status.reason.empty() ? "" : std::string(status.reason) + "; ";
  status.reason = keep(before + "killed " + times + ", which is max_kills");
}

// Records with an end how many failures in a row there are: the wait behind it needs that, at a
// resume too, and when the runs before it were compacted away.
void Runner::count_failures(ProcessIndex p, ProcessStatus& status) const {
  const Backoff* backoff = is_terminal(status.state) ? backoff_of(task_, p) : nullptr;
  if (backoff != nullptr && past(p).live()) {
    status.failures = failures_in_row(*backoff, past(p), status);
  }
}

}  // namespace thermos
