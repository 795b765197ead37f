// The rules of timeouts.
#include <algorithm>

#include "broken.h"
#include "invariants.h"

namespace thermos::sim {
bool Invariants::may_go_on(ProcessIndex p, Microseconds deadline) const {
  const Oracle::Process& process = oracle_.process(p);
  const Entry& task = oracle_.task();
  const bool final = script_.task.processes[p].final;
  if (!process.live || process.ending || yield_by_) return false;
  if (task.state == TaskState::Active) return !final && !process.held;
  return task.state == TaskState::Finalizing && final && task.goal != TaskState::Lost &&
         timeline_.now() < deadline && !oracle_.complete(true) && !oracle_.deadlocked(true);
}

bool Invariants::timed_out(ProcessIndex p) const {
  const auto& timeout = script_.task.processes[p].timeout;
  return timeout && timeline_.now() >=
                        std::max(oracle_.process(p).started->when + *timeout, oracle_.extended(p));
}

void Invariants::failure_appended(ProcessIndex p, const ProcessOrder& order) {
  const Oracle::Process& before = oracle_.process(p);
  const Microseconds now = timeline_.now();
  require(may_go_on(p, oracle_.task().deadline_high),
          name(p) + ": failed by the runner though it is ending anyway");
  require(before.started.has_value() && before.started->boot == machine_.moment().boot,
          name(p) + ": failed by the runner before it was RUNNING");
  if (order.reason.starts_with("not healthy: ")) {
    require(unhealthy(p), name(p) + ": failed by the runner though it was healthy enough");
  } else {
    require(timed_out(p) || overdue(p), name(p) + ": failed by the runner before its time");
    require(!asks_for_time(p), name(p) + ": failed by the runner, and it has asked for more time");
  }
  require(machine_.true_time(order.deadline.boot) == now + stop_wait_of(script_.task, p),
          name(p) + ": a wrong deadline of a timed out run");
  require(!order.reason.empty(), name(p) + ": timed out without a reason");
  Entry entry;
  entry.kind = Entry::Kind::Order;
  entry.written = machine_.moment();
  entry.process = p;
  entry.verb = order.verb;
  entry.kill_at = now + stop_wait_of(script_.task, p);
  record(entry);
}

// By what its coordinator wrote.
Microseconds Invariants::asked_until(ProcessIndex p) const {
  Microseconds until = 0;
  for (const Streams::Written* written : said(p, ReportKind::Extended)) {
    until = std::max(until, machine_.true_time(written->report->until));
  }
  return until;
}

void Invariants::check_timeouts() const {
  const Microseconds now = timeline_.now();
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    if (!script_.task.processes[p].timeout) continue;
    if (!may_go_on(p, oracle_.task().deadline_low)) continue;
    // One whose coordinator is gone is being swept.
    const Machine::Coordinator& coordinator = machine_.coordinator(p);
    if (coordinator.phase != Machine::Phase::Running) continue;
    const Oracle::Process& process = oracle_.process(p);
    const Microseconds timeout = *script_.task.processes[p].timeout;
    if (process.state == ProcessState::Running) {
      require(!timed_out(p), name(p) + " outlives its timeout");
      continue;
    }
    // A record that nobody told of.
    for (const Streams::Written& written : machine_.stream(p)) {
      if (written.status.run != coordinator.run) continue;
      if (written.status.state != ProcessState::Running) continue;
      const Microseconds limit = std::max(written.moment.when + timeout, asked_until(p));
      const Microseconds known_at = std::max(limit, led_at_);
      require(now <= known_at + kNewsTakes + script_.harsh.slack,
              name(p) + " outlives its timeout, and nobody looks");
    }
  }
}

}  // namespace thermos::sim
