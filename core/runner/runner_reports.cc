// What a runner makes of what its runs say of themselves (sd_notify(3)). Their coordinators record
// it, whoever leads; the runner copies what is news to it.
#include "core/runner/runner.h"

namespace thermos {

std::vector<ProcessIndex> Runner::may_have_said() const {
  std::vector<ProcessIndex> found;
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    if (may_notify(task_.processes[p]) && past(p).live()) found.push_back(p);
  }
  return found;
}

void Runner::on(const CoordinatorReport& event) {
  const ProcessIndex p = event.process;
  const ProcessConfig& config = task_.processes[p];
  if (live_run(p, event.report.run) == nullptr) return;
  ProcessReport report = event.report;
  report.process = config.name;
  report.text = keep(report.text);
  switch (report.kind) {
    case ReportKind::Ready:
      if (readiness_.awaits(p) && config.ready->notify) found_ready(p, report.at, report.text);
      return;
    case ReportKind::Unhealthy:
    case ReportKind::Healthy:
    case ReportKind::Placed:
      return;  // only the runner records these
    case ReportKind::Stopping:
      health_.forget(p);
      break;
    case ReportKind::Status:
    case ReportKind::Extended:
    case ReportKind::Ignored:
      break;
  }
  append(report, false);
  if (report.kind != ReportKind::Extended) return;
  watch(p);
  if (launches_.of(p).state() != LaunchState::Terminating) return;
  if (const auto at = kill_time(p)) launches_.kill_at(p, *at);
}

}  // namespace thermos
