// The rules of orders.
#include <algorithm>

#include "broken.h"
#include "invariants.h"

namespace thermos::sim {

void Invariants::order_appended(const ProcessOrder& order) {
  const ProcessIndex p = index_of(order.process);
  if (order.verb == Verb::Fail) return failure_appended(p, order);
  if (order.yields) return yield_appended(p, order);
  require(oracle_.may_order(p, order.verb),
          name(p) + ": an order on record that should be refused");
  const Oracle::Process& before = oracle_.process(p);
  const bool unborn = before.live && before.state == ProcessState::Waiting;
  Entry entry;
  entry.kind = Entry::Kind::Order;
  entry.written = machine_.moment();
  entry.process = p;
  entry.verb = order.verb;
  entry.revives = order.revives;
  require(order.revives == oracle_.failed(p),
          name(p) + ": revived by an order though it had not failed, or not revived");
  if (const auto* asked = std::get_if<OrderRequest>(event_)) {
    require(asked->process == order.process, name(p) + ": an order that nobody gave");
    require(order.verb == asked->verb || (unborn && order.verb != Verb::Stop),
            name(p) + ": another order on record than was given");
    entry.kill_at = timeline_.now() + asked->wait.value_or(stop_wait_of(script_.task, p));
  } else {
    require(order.verb == Verb::Start && unborn && before.ending && !before.held,
            name(p) + ": an order that neither anybody gave nor a called off restart needs");
  }
  if (order.verb != Verb::Start) {
    require(machine_.true_time(order.deadline.boot) == entry.kill_at,
            name(p) + ": a wrong deadline of an order on record");
  }
  pools_.ordered(p);
  record(entry);
}

// What an order must have come to when it was taken.
void Invariants::check_ordered() const {
  if (!ordered_) return;
  const auto& order = *std::get_if<OrderRequest>(event_);
  const Oracle::Process& after = oracle_.process(index_of(order.process));
  // An end that waited to be taken is taken before an order.
  const bool ended = ordered_->live && (!after.live || after.run != ordered_->run);
  const bool ran = ordered_->live && !ended && ordered_->state != ProcessState::Waiting;
  if (ended && order.verb == Verb::Stop && oracle_.over(index_of(order.process))) return;
  if (order.verb == Verb::Stop) {
    require(after.held, order.process + ": stopped, and not held");
    require(!ran || after.ending, order.process + ": stopped, and its run goes on");
    return;
  }
  require(!after.held, order.process + ": started, and held");
  require(ordered_->live || after.live || after.immediate,
          order.process + ": started, and it waits");
  if (order.verb != Verb::Restart) return;
  require(!ran || after.ending, order.process + ": restarted, and its run goes on");
}

void Invariants::check_ending() const {
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Oracle::Process& process = oracle_.process(p);
    const Machine::Coordinator& coordinator = machine_.coordinator(p);
    if (!process.ending || process.state == ProcessState::Waiting) continue;
    if (coordinator.phase != Machine::Phase::Forked &&
        coordinator.phase != Machine::Phase::Running) {
      continue;
    }
    // The deadline on record is a boot time, and the order does not say of which boot.
    const bool same_boot = process.ending->boot == machine_.moment().boot;
    const bool hard = same_boot && timeline_.now() >= oracle_.order_over(p);
    require(coordinator.kill_asked || (!hard && coordinator.term_asked),
            name(p) + " was ordered to end and not told");
  }
}

// Of a terminal record that a coordinator wrote: it is copied as it is, but for the end that
// followed from an order.
void Invariants::check_end(ProcessIndex p, const ProcessStatus& status, const Entry& entry) const {
  const Oracle::Process& before = oracle_.process(p);
  for (const Streams::Written& written : machine_.stream(p)) {
    if (written.status.seq != status.seq || written.status.run != status.run) continue;
    const bool comparable = before.ending && before.ending->boot == entry.happened.boot;
    const bool told = comparable && entry.happened.when >= before.ending->when;
    if (before.ending && !comparable) return;
    const bool spared = before.yields && written.status.state == ProcessState::Success;
    const bool ordered = told && !spared;
    const Origin by = before.failing ? Origin::EndedByRunner : Origin::Ordered;
    const ProcessState as = before.failing ? ProcessState::Failed : ProcessState::Killed;
    require(ordered ? status.origin == by
                    : status.origin != Origin::Ordered && status.origin != Origin::EndedByRunner,
            name(p) + (ordered ? ": ended by an order and not so on record"
                               : ": on record as ended by an order"));
    require(status.state == (ordered ? as : written.status.state),
            name(p) + ": another end on record than it had");
    require(status.return_code == written.status.return_code, name(p) + ": a wrong exit code");
  }
}

}  // namespace thermos::sim
