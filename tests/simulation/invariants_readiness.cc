// The rules of readiness.
#include <algorithm>

#include "broken.h"
#include "invariants.h"

namespace thermos::sim {
void Invariants::probed(const Probe& probe, bool yes) {
  const Oracle::Process& process = oracle_.process(probe.process);
  if (probe.purpose == Purpose::Healthy) {
    health_[probe.process].answer = {probe.run, yes, false};
    return;
  }
  if (!process.live || process.run != probe.run) return;  // it has ended meanwhile
  require(!process.ready, name(probe.process) + " is asked though it is ready on record");
  if (!yes) refused_[probe.process] = probe.run;
}

void Invariants::report_appended(const ProcessReport& report) {
  const ProcessIndex p = index_of(report.process);
  const Oracle::Process& before = oracle_.process(p);
  require(before.live && before.run == report.run && before.state == ProcessState::Running,
          name(p) + ": a report of a run that is not RUNNING");
  if (report.kind == ReportKind::Unhealthy || report.kind == ReportKind::Healthy) {
    return health_appended(p, report);
  }
  if (report.kind != ReportKind::Ready) return said_appended(p, report);
  require(!before.ready, name(p) + ": ready twice in one run");
  const Boxed<Ready>& ready = script_.task.processes[p].ready;
  require(ready->notify ? !said(p, ReportKind::Ready).empty() : machine_.is_ready(p, report.run),
          name(p) + ": ready on record, and it is not");
  Entry entry;
  entry.kind = Entry::Kind::Ready;
  entry.written = machine_.moment();
  entry.process = p;
  entry.run = report.run;
  record(entry);
  health_[p].since = timeline_.now();
}

// Whether the run of `p` may be ended because it is not ready. Its time counts from RUNNING,
// whoever leads; but a runner asks before it says no.
bool Invariants::overdue(ProcessIndex p) const {
  const Boxed<Ready>& ready = script_.task.processes[p].ready;
  const Oracle::Process& process = oracle_.process(p);
  const auto refused = refused_.find(p);
  if (!ready || process.ready) return false;
  const Microseconds limit = std::max(process.started->when + ready->within, oracle_.extended(p));
  if (timeline_.now() < limit) return false;
  if (ready->notify) return !said_ready(p);
  return refused != refused_.end() && refused->second == process.run;
}

// When it must be ready or ended, by what its coordinator wrote: one that says so itself is looked
// for once more.
Microseconds Invariants::ready_limit(ProcessIndex p, Microseconds running) const {
  const Ready& ready = *script_.task.processes[p].ready;
  const Microseconds limit = std::max(running + ready.within, asked_until(p));
  return ready.notify ? std::max(limit, led_at_) + kNewsTakes + script_.harsh.slack : limit;
}

void Invariants::check_readiness() const {
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Boxed<Ready>& ready = script_.task.processes[p].ready;
    const Oracle::Process& process = oracle_.process(p);
    if (!ready || process.ready || !may_go_on(p, oracle_.task().deadline_low)) continue;
    if (machine_.coordinator(p).phase != Machine::Phase::Running) continue;
    if (process.state == ProcessState::Running && !ready->notify) {
      require(!overdue(p), name(p) + " is not ready in time, and goes on");
    }
    for (const Streams::Written& written : machine_.stream(p)) {
      if (written.status.run != machine_.coordinator(p).run) continue;
      if (written.status.state != ProcessState::Running) continue;
      // Found by a look, and asked at least once; what is ready at the first question is on record.
      const Microseconds asked = std::max(written.moment.when + ready->interval, led_at_) +
                                 ready->timeout + kNewsTakes + script_.harsh.slack;
      require(timeline_.now() <= std::max(asked, ready_limit(p, written.moment.when)),
              name(p) + " is neither ready nor ended, and nobody asks");
    }
  }
}

}  // namespace thermos::sim
