// What a runner does about the health of its runs.
#include "core/runner/runner.h"
#include "core/task/probe_question.h"

namespace thermos {

void Runner::ask_the_healthy() {
  while (const auto p = health_.pop_question(now_.boot)) {
    if (is_ending(*p) || (past(*p).current()->started && gone(*p))) {
      health_.forget(*p);
    } else if (past(*p).current()->started) {
      effects_.emplace_back(Probe{*p, past(*p).current()->number, Purpose::Healthy});
    } else {
      health_.too_early(*p, now_.boot);
      effects_.emplace_back(Look{*p});
    }
  }
}

// Refusals are recorded, so that they count for the next runner, too. The last one is recorded as
// the order that ends the run, so that nothing comes in between.
void Runner::heard_of_health(const ProbeAnswered& event) {
  const ProcessIndex p = event.process;
  if (!health_.awaits(p)) return;
  if (gone(p) || is_ending(p)) return health_.forget(p);
  const Healthy& healthy = *task_.processes[p].healthy;
  const std::uint32_t refusals = past(p).current()->refusals;
  if (event.yes) {
    health_.answered(p, now_.boot);
    if (refusals > 0) report(p, ReportKind::Healthy, now_, {}, false);
    return;
  }
  const std::string why =
      text_of(question_of(healthy)) + (event.text.empty() ? "" : ": " + event.text);
  if (refusals + 1 < healthy.failures) {
    health_.answered(p, now_.boot);
    report(p, ReportKind::Unhealthy, now_, keep(why), false);
    return;
  }
  health_.forget(p);
  fail(p, keep("not healthy: " + why));
}

}  // namespace thermos
