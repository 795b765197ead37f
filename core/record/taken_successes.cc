#include "core/record/taken_successes.h"

#include <set>

namespace thermos {

bool has_succeeded(const ProcessHistory& process) {
  return !process.removed && process.begun() && process.current() != nullptr &&
         process.current()->state == ProcessState::Success;
}

Status take_over(History& history, const ProcessHistory& process, std::string_view task_id) {
  const Run& run = *process.current();
  ProcessStatus status;
  status.process = process.name;
  Status added = Done{};
  const auto add = [&](const Record& record) {
    if (const auto applied = history.apply(record); !applied) added = applied.error();
  };
  const auto add_step = [&](ProcessState state, const Timestamp& at) {
    status.state = state;
    status.at = at;
    add(status);
    ++status.seq;
  };
  // No run has succeeded that was not FORKED and RUNNING before.
  add_step(ProcessState::Waiting, run.waiting);
  status.identity = run.coordinator;
  status.boot = run.boot;
  add_step(ProcessState::Forked, *run.forked);
  status.identity = run.process;
  status.boot = {};
  add_step(ProcessState::Running, *run.started);
  if (run.ready) add(ProcessReport{process.name, 0, ReportKind::Ready, *run.ready, {}, 0});
  status.identity = {};
  status.boot = process.last_boot;
  status.origin = Origin::TakenOver;
  status.reason = run.taken_over_from().empty() ? task_id : run.taken_over_from();
  status.return_code = run.return_code;
  status.usage = run.usage;
  add_step(ProcessState::Success, *run.stopped);
  return added;
}

std::vector<std::string> tasks_taken_over(const History& history) {
  std::set<std::string> ids;
  for (const ProcessHistory& process : history.processes()) {
    for (const Run& run : process.runs) {
      if (!run.taken_over_from().empty()) ids.emplace(run.taken_over_from());
    }
  }
  return {ids.begin(), ids.end()};
}

}  // namespace thermos
