// What a runner does about runs that are not ready yet.
#include "core/runner/runner.h"

namespace thermos {

void Runner::on(const ProbeAnswered& event) {
  const ProcessIndex p = event.process;
  if (live_run(p, event.run) == nullptr || !readiness_.awaits(p)) return;
  if (!event.ready) {
    readiness_.refused(p, event.text, now_.boot);
    return;
  }
  readiness_.forget(p);
  // A process that starts because of it must not be on record without it.
  TaskPlanner& plan = plan_of(p);
  report(p, ReportKind::Ready, keep(event.text), plan.ready_awaited(p));
  if (!error_) plan.set_ready(p);
}

// Those that are due, and those whose time is over.
void Runner::ask_the_unready() {
  while (const auto p = readiness_.pop_overdue(now_.boot)) {
    const bool gone =
        launches_.of(*p).state() == LaunchState::Sweeping || past(*p).current()->boot != self_.boot;
    if (!gone && !stopping(*p) && !past(*p).ending) fail(*p, keep(readiness_.complaint()));
  }
  while (const auto p = readiness_.pop_question(now_.boot)) {
    if (past(*p).current()->started) {
      effects_.emplace_back(Probe{*p, past(*p).current()->number});
    } else {
      readiness_.too_early(*p, now_.boot);
      effects_.emplace_back(Look{*p});
    }
  }
}

void Runner::report(ProcessIndex p, ReportKind kind, std::string_view text, bool durable) {
  append(ProcessReport{task_.processes[p].name, past(p).current()->number, kind, now_, text},
         durable);
}

}  // namespace thermos
