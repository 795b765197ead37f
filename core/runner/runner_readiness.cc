// What a runner does about runs that are not ready yet.
#include "core/runner/runner.h"

namespace thermos {

void Runner::on(const ProbeAnswered& event) {
  const ProcessIndex p = event.process;
  if (live_run(p, event.run) == nullptr) return;
  if (event.purpose == Purpose::Healthy) return heard_of_health(event);
  if (!readiness_.awaits(p)) return;
  if (!event.yes) {
    readiness_.refused(p, event.text, now_.boot);
    return;
  }
  found_ready(p, now_, event.text);
}

void Runner::found_ready(ProcessIndex p, Timestamp at, std::string_view text) {
  readiness_.forget(p);
  // If a process starts because this one is ready, that must not be on record without the reason.
  TaskPlanner& plan = plan_of(p);
  report(p, ReportKind::Ready, at, keep(text), plan.ready_awaited(p));
  plan.set_ready(p);
  health_.watch(p, past(p), now_.boot);
}

void Runner::ask_the_unready() {
  while (const auto p = readiness_.pop_question(now_.boot)) {
    const bool asked = !task_.processes[*p].ready->notify;
    if (past(*p).current()->started && asked) {
      effects_.emplace_back(Probe{*p, past(*p).current()->number, Purpose::Ready});
    } else {
      readiness_.too_early(*p, now_.boot);
      effects_.emplace_back(Look{*p});
    }
  }
}

void Runner::report(ProcessIndex p, ReportKind kind, Timestamp at, std::string_view text,
                    bool durable) {
  append(ProcessReport{task_.processes[p].name, past(p).current()->number, kind, at, text, 0},
         durable);
}

}  // namespace thermos
