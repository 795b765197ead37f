// The rules of a task that yields, and of a machine that is the task's for a time.
#include <algorithm>

#include "broken.h"
#include "invariants.h"

namespace thermos::sim {

void Invariants::asked_to_yield(Microseconds grace) {
  if (stood_down_ || is_terminal(oracle_.task().state)) return;
  const Microseconds by = timeline_.now() + grace;
  yield_by_ = yield_by_ ? std::min(*yield_by_, by) : by;
}

bool Invariants::lacks_time(ProcessIndex p) const {
  const std::optional<Microseconds>& time = script_.task.processes[p].time;
  return time && time_until_ && *time > *time_until_ - timeline_.now();
}

// Whether something could run that takes longer than the machine is the task's, and nothing else
// but daemons and ephemerals lives.
bool Invariants::may_yield_by_itself() const {
  if (oracle_.task().state != TaskState::Active) return false;
  bool left = false;
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const ProcessConfig& config = script_.task.processes[p];
    const Oracle::Process& process = oracle_.process(p);
    if (config.final) continue;
    if (process.live && !process.parked && !config.daemon && !config.ephemeral) return false;
    // What was called off before it began may begin again.
    const bool waits = oracle_.runnable(p) || (process.parked && !process.held);
    left = left || (waits && lacks_time(p));
  }
  return left;
}

void Invariants::place_appended(const Leadership& place, bool durable) {
  Entry entry;
  entry.kind = Entry::Kind::Place;
  entry.written = machine_.moment();
  entry.yields = place.yields;
  if (place.yields) {
    require(durable, "a yield that need not last");
    if (!std::holds_alternative<YieldRequest>(*event_)) {
      require(!yield_by_ && may_yield_by_itself(), "the task yields for no reason");
      asked_to_yield(kUsualGrace);
    }
    require(!yield_written_, "a leader yields twice");
    yield_written_ = journal_.size();
  } else {
    require(std::holds_alternative<Lead>(*event_), "a place of a leader that has begun");
  }
  record(entry);
}

void Invariants::yield_appended(ProcessIndex p, const ProcessOrder& order) {
  const Oracle::Process& before = oracle_.process(p);
  require(yield_by_.has_value(), name(p) + ": ended for a yield, and nobody yields");
  require(order.verb == Verb::Restart && !order.revives, name(p) + ": a yield that is no restart");
  require(before.live && before.state != ProcessState::Waiting,
          name(p) + ": ended for a yield, and there is nothing to end");
  require(!before.ending, name(p) + ": ended for a yield, and it is ending anyway");
  const Microseconds now = timeline_.now();
  Microseconds wait = std::max<Microseconds>(0, *yield_by_ - now);
  const Boxed<OnYield>& own = script_.task.processes[p].on_yield;
  if (own && own->wait) wait = std::min(wait, *own->wait);
  require(machine_.true_time(order.deadline.boot) == now + wait,
          name(p) + ": a wrong deadline of a yield on record");
  require(machine_.true_time(order.at.boot) == now - script_.hold,
          name(p) + ": a yield that does not count from when the engine may have begun");
  Entry entry;
  entry.kind = Entry::Kind::Order;
  entry.written = machine_.moment();
  entry.process = p;
  entry.verb = order.verb;
  entry.yields = true;
  entry.kill_at = now + wait;
  pools_.ordered(p);
  record(entry);
}

// Whether everything was told to end, and nothing counts any more, yield or not.
bool Invariants::all_are_ending() const {
  const Entry& task = oracle_.task();
  return task.state == TaskState::Cleaning ||
         (task.state == TaskState::Finalizing &&
          (task.goal == TaskState::Lost || timeline_.now() >= task.deadline_low ||
           oracle_.complete(true) || oracle_.deadlocked(true)));
}

// What ends while the task yields counts for nothing, if it is no success.
void Invariants::check_end_while_yielding(ProcessIndex p, const ProcessStatus& status,
                                          const Entry& entry) const {
  const Oracle::Process& before = oracle_.process(p);
  if (!yield_by_ || all_are_ending()) return;
  if (status.state == ProcessState::Success || status.state == ProcessState::Lost) return;
  // It could not be launched, the runner had ended it before, or it had ended before all that.
  if (before.state == ProcessState::Waiting || before.failing) return;
  if (entry.happened.boot != oracle_.yielded()->boot) return;
  if (entry.happened.when < oracle_.yielded()->when - script_.hold) return;
  require(status.state == ProcessState::Killed && status.origin == Origin::Ordered,
          name(p) + ": ended as the task yields, and it counts");
}

// An end that is no success is not taken before it is known whether the engine did it.
void Invariants::check_held(ProcessIndex p, const ProcessStatus& status, const Entry& entry) const {
  if (script_.hold == 0 || !may_go_on(p, oracle_.task().deadline_low)) return;
  if (status.state == ProcessState::Success || status.state == ProcessState::Lost) return;
  if (entry.happened.boot != machine_.moment().boot) return;
  if (entry.happened.when == timeline_.now() && oracle_.process(p).state == ProcessState::Waiting) {
    return;
  }
  const bool asked =
      std::holds_alternative<KillRequest>(*event_) || std::holds_alternative<OrderRequest>(*event_);
  require(asked || timeline_.now() >= entry.happened.when + script_.hold,
          name(p) + ": a failure is taken before it is known who ended it");
}

void Invariants::check_yielding() const {
  if (!yield_by_) return;
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Machine::Coordinator& coordinator = machine_.coordinator(p);
    const Oracle::Process& process = oracle_.process(p);
    if (coordinator.phase != Machine::Phase::Forked &&
        coordinator.phase != Machine::Phase::Running) {
      continue;
    }
    const bool known =
        process.live && process.run == coordinator.run && process.state != ProcessState::Waiting;
    if (!known) continue;
    require(process.ending || all_are_ending(),
            name(p) + ": the task yields, and its run is not to end on record");
    const bool hard = timeline_.now() >= *yield_by_;
    require(coordinator.kill_asked || (!hard && coordinator.term_asked),
            name(p) + ": the task yields, and it was not told to end");
  }
}

void Invariants::standing_down() const {
  require(yield_by_.has_value(), "it stands down, and does not yield");
  require(!is_terminal(oracle_.task().state), "it stands down from a task that is over");
  require(synced_ == journal_.size(), "it stands down before it is on the disk");
  require(nothing_lives(), "it stands down while something lives");
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Oracle::Process& process = oracle_.process(p);
    require(!process.live || process.state == ProcessState::Waiting,
            name(p) + ": it stands down, and a run is under way on record");
  }
}

}  // namespace thermos::sim
