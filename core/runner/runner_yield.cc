// A task yields when its machine is taken away: nothing starts, what runs is ended and runs again
// under the next leader, and the runner stands down without an end of the task.
#include <algorithm>

#include "core/runner/runner.h"

namespace thermos {

void Runner::on(const YieldRequest& event) {
  const Microseconds by = add_saturated(now_.boot, std::max<Microseconds>(0, event.grace));
  if (yield_by_) {
    yield_by_ = std::min(*yield_by_, by);
    return;
  }
  yield_by_ = by;
  Leadership place = self_.place;
  place.at = now_;
  place.boot = self_.boot;
  if (history_.leadership()) place.lead = std::max(place.lead, history_.leadership()->lead);
  place.yields = true;
  place.decision = event.reason;
  append(place, true);
  for (const ProcessIndex p : launches_.untold(false)) {
    yield(p);
    stop(p, false);
  }
  take_held_back(kAll);
}

// Records that the run under way ends because of the yield, and not for a fault of its own. A run
// that ends in CLEANING counts for nothing anyway.
void Runner::yield(ProcessIndex p) {
  const Run& run = *past(p).current();
  if (run.state == ProcessState::Waiting || past(p).ending || state() == TaskState::Cleaning) {
    return;
  }
  Microseconds wait = *yield_by_ - now_.boot;
  const Boxed<OnYield>& own = task_.processes[p].on_yield;
  if (own && own->wait) wait = std::min(wait, *own->wait);
  ProcessOrder order;
  order.process = task_.processes[p].name;
  order.verb = Verb::Restart;
  order.yields = true;
  // A run that the engine signalled before it signalled this runner has ended for the same reason.
  order.at = later(now_, -self_.hold);
  order.deadline = later(now_, std::max<Microseconds>(0, wait));
  order.reason = keep(history_.leadership()->decision);
  append(order, true);
}

// Returns the signal that asks the run to end, instead of its stop signal; 0: the stop signal.
std::uint8_t Runner::signal_to_end(ProcessIndex p) const {
  const Boxed<OnYield>& own = task_.processes[p].on_yield;
  const bool yields = past(p).ending && past(p).ending->yields;
  return yields && own && own->signal ? own->signal->number : 0;
}

// REQUIRES: all that ran is told to end.
void Runner::advance_yielding() {
  const bool over = state() != TaskState::Active && over_deadline();
  if (over || now_.boot >= *yield_by_) stop_all(true);
  if (launches_.any_live()) return;
  finished_ = true;
  effects_.emplace_back(StandDown{});
}

// Records where the task is led from, unless the header or the latest Leadership says the same.
void Runner::record_place() {
  Leadership place = self_.place;
  const std::optional<Leadership>& last = history_.leadership();
  // The number of the last leader that had nodes must not be forgotten.
  if (last) place.lead = std::max(place.lead, last->lead);
  const bool plain = place.lead == 0 && place.engine.empty() && place.until == 0 &&
                     place.decision.empty() &&
                     (place.hostname.empty() || place.hostname == history_.header()->hostname);
  if (last ? last->hostname == place.hostname && last->engine == place.engine &&
                 last->job == place.job && last->restarts == place.restarts &&
                 last->until == place.until && last->lead == place.lead && !last->yields &&
                 place.decision.empty()
           : plain) {
    return;
  }
  place.at = now_;
  place.boot = self_.boot;
  // The number is on the disk before any server knows it: no power cut may take it back then.
  append(place, self_.place.lead != 0);
}

// ---- ends that wait ----------------------------------------------------------------------------

// Returns whether the record, which is the next of `p`, is held back: it tells of the end of a run
// that failed or was killed, and not by us. Until a moment ago an engine may have ended that run,
// as it will end us.
bool Runner::hold_back(ProcessIndex p, const ProcessStatus& status) {
  if (self_.hold == 0 || !is_terminal(status.state) || status.state == ProcessState::Success) {
    return false;
  }
  if (held_back(p)) return true;  // it was read again
  if (stopping(p) || !past(p).live() || status.seq != past(p).next_seq) return false;
  // The clock of another boot says nothing here.
  if (!past(p).current()->node && past(p).current()->boot != self_.boot) return false;
  Microseconds until = add_saturated(status.at.boot, self_.hold);
  if (until <= now_.boot) return false;
  until = std::min(until, add_saturated(now_.boot, self_.hold));
  if (!held_back_.empty()) until = std::max(until, held_back_.back().until);
  held_back_.push_back({p, status, std::string(status.reason), until});
  is_held_back_.resize(task_.processes.size());
  is_held_back_[p] = true;
  return true;
}

// Takes the records held back whose time has come at `until`.
void Runner::take_held_back(Microseconds until) {
  while (!held_back_.empty() && held_back_.front().until <= until && !error_) {
    const HeldBack held = std::move(held_back_.front());
    held_back_.pop_front();
    is_held_back_[held.process] = false;
    ProcessStatus status = held.status;
    status.process = task_.processes[held.process].name;
    status.reason = keep(held.reason);
    take_record(held.process, status);
  }
}

// ---- an allocation that ends -------------------------------------------------------------------

bool Runner::lacks_time(ProcessIndex p) const {
  const std::optional<Microseconds>& time = task_.processes[p].time;
  return time && time_until_ && *time > *time_until_ - now_.boot;
}

// Yields if only daemons and ephemerals run, and nothing of what is left may start here.
void Runner::yield_for_lack_of_time() {
  if (regular_.has_ready(now_.boot) || regular_.next_ready_at(now_.boot)) return;
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    const ProcessConfig& process = task_.processes[p];
    if (launches_.is_live(p) && !process.daemon && !process.ephemeral) return;
  }
  on(YieldRequest{kUsualGrace, "what is left to run takes longer than the allocation lasts"});
  advance_yielding();
}

}  // namespace thermos
