// Compaction: a history in fewer records. Applied to an empty history, the records that rewrite()
// gives make an equal one; the caller checks that.
#include <algorithm>

#include "core/record/history.h"

namespace thermos {
namespace {

// The number of a run's transitions: their numbers are consecutive, and each sets a field.
std::size_t transitions(const Run& run) {
  return 1 + (run.forked ? 1 : 0) + (run.started ? 1 : 0) + (run.stopped ? 1 : 0);
}

std::uint64_t first_seq(const Run& run) {
  return run.seq + 1 - transitions(run);
}

bool only_leads(const std::vector<TaskStep>& steps, std::size_t i) {
  return i > 0 && only_takes_lead(steps[i - 1], steps[i]);
}

RunTotals totals_of(const Series<Run>& runs) {
  RunTotals totals;
  for (const Run& run : runs) {
    if (run.state == ProcessState::Success) ++totals.success;
    if (run.state == ProcessState::Failed) ++totals.failed;
    if (run.state == ProcessState::Killed) ++totals.killed;
    if (run.state == ProcessState::Lost) ++totals.lost;
    if (ended_by_order(run.state, run.origin)) ++totals.ordered;
  }
  return totals;
}

// Returns what the dropped runs used. The peak may be that of a kept run, which leaves the largest
// peak of all runs the same. A run that was taken over is always the first run of its process:
// while it is kept, no run is dropped.
UsageTotals used_before(const ProcessHistory& process) {
  UsageTotals kept;
  for (const Run& run : process.runs) kept.add(run.usage);
  return {process.used.user - kept.user, process.used.system - kept.system, process.used.peak};
}

ProcessSummary summary_of(const ProcessHistory& process) {
  ProcessSummary summary;
  summary.process = process.name;
  summary.next_seq = process.runs.empty() ? process.next_seq : first_seq(process.runs.front());
  summary.next_run = process.runs.empty() ? process.next_run : process.runs.front().number;
  const RunTotals kept = totals_of(process.runs);
  summary.totals = {process.totals.success - kept.success, process.totals.failed - kept.failed,
                    process.totals.killed - kept.killed, process.totals.lost - kept.lost,
                    process.totals.ordered - kept.ordered};
  summary.used = used_before(process);
  if (process.forgiven.runs <= summary.next_run) summary.forgiven = process.forgiven;
  if (process.redefined <= summary.next_run) summary.redefined = process.redefined;
  if (process.first_failed && *process.first_failed < summary.next_run) {
    summary.first_failed = process.first_failed;
  }
  summary.started = process.started;
  // Correct if no kept run has ended; otherwise the end of a kept run replaces it.
  summary.last_end = process.last_end.value_or(Timestamp{});
  summary.boot = process.last_boot;
  summary.failures = process.failures_in_row;
  // The run that was ready may be a kept one: the resulting history is the same.
  summary.was_ready = process.was_ready;
  return summary;
}

// REQUIRES: a run is under way.
Status give_said(const ProcessHistory& process, const Said& said,
                 const std::function<Status(const Record&)>& give) {
  const auto give_one = [&](ReportKind kind, const std::optional<Timestamp>& at,
                            std::string_view text, Microseconds until) -> Status {
    if (!at) return Done{};
    return give(ProcessReport{process.name, process.current()->number, kind, *at, text, until});
  };
  auto given = give_one(ReportKind::Status, said.status_at, said.status, 0);
  if (given) given = give_one(ReportKind::Extended, said.extended_at, {}, said.until);
  if (given) given = give_one(ReportKind::Stopping, said.stopping, {}, 0);
  if (given) given = give_one(ReportKind::Ignored, said.ignored, {}, 0);
  return given;
}

Status give_run(const ProcessHistory& process, const Run& run,
                const std::function<Status(const Record&)>& give) {
  ProcessStatus status;
  status.process = process.name;
  status.seq = first_seq(run);
  status.run = run.number;
  // The fold keeps only the origin and reason of the latest transition.
  const auto give_next = [&]() {
    if (status.seq == run.seq) {
      status.origin = run.origin;
      status.reason = run.reason;
    }
    auto given = give(status);
    ++status.seq;
    return given;
  };
  status.state = ProcessState::Waiting;
  status.at = run.waiting;
  if (auto given = give_next(); !given) return given;
  if (run.node) {
    const ProcessReport placed{process.name, run.number, ReportKind::Placed,
                               run.waiting,  *run.node,  0};
    if (auto given = give(placed); !given) return given;
  }
  if (run.forked) {
    status.state = ProcessState::Forked;
    status.identity = run.coordinator;
    status.boot = run.boot;
    status.at = *run.forked;
    if (auto given = give_next(); !given) return given;
  }
  status.boot = {};
  if (run.started) {
    status.state = ProcessState::Running;
    status.identity = run.process;
    status.at = *run.started;
    if (auto given = give_next(); !given) return given;
  }
  if (run.ready) {
    const ProcessReport ready{process.name, run.number, ReportKind::Ready, *run.ready, {}, 0};
    if (auto given = give(ready); !given) return given;
  }
  for (std::uint16_t refusal = 0; refusal < run.refusals; ++refusal) {
    const ProcessReport unhealthy{process.name, run.number, ReportKind::Unhealthy, {}, {}, 0};
    if (auto given = give(unhealthy); !given) return given;
  }
  if (!run.stopped && process.said) return give_said(process, *process.said, give);
  if (run.stopped) {
    status.state = run.state;
    status.identity = {};
    // The fold keeps the boot and the failures of the last end only.
    status.boot = process.last_boot;
    status.failures = process.failures_in_row;
    status.at = *run.stopped;
    status.return_code = run.return_code;
    status.usage = run.usage;
    return give_next();
  }
  return Done{};
}

// Gives the orders that come directly before run `behind`, and after which earlier runs no longer
// count: one if a replacement redefined the process there, and one if an order revived it there. If
// that happened before the first remaining run, the summary says so instead.
Status give_excuses(const ProcessHistory& process, std::uint32_t behind,
                    const std::function<Status(const Record&)>& give) {
  ProcessOrder order;
  order.process = process.name;
  if (process.redefined == behind) {
    order.redefines = true;
    if (auto given = give(order); !given) return given;
  }
  if (process.forgiven.runs != behind || process.redefined == behind) return Done{};
  order.revives = true;
  return give(order);
}

// Gives the remaining runs, and between them the orders after which earlier runs no longer count.
Status give_runs(const ProcessHistory& process, const std::function<Status(const Record&)>& give) {
  if (process.runs.empty()) return Done{};
  for (const Run& run : process.runs) {
    if (run.number != process.runs.front().number) {
      if (auto given = give_excuses(process, run.number, give); !given) return given;
    }
    if (auto given = give_run(process, run, give); !given) return given;
  }
  return give_excuses(process, process.next_run, give);
}

// Gives the runner's order that still applies, if there is one, and one order that has the effects
// of all users' orders that still apply.
Status give_orders(const ProcessHistory& process,
                   const std::function<Status(const Record&)>& give) {
  ProcessOrder order;
  order.process = process.name;
  if (process.ending && process.ending->failure) {
    order.verb = Verb::Fail;
    order.at = process.ending->at;
    order.deadline = process.ending->deadline;
    order.reason = *process.ending->failure;
    if (auto given = give(order); !given) return given;
    order.reason = {};
  }
  if (!process.held && !process.immediate) return Done{};
  order.verb = process.held ? Verb::Stop : process.ending ? Verb::Restart : Verb::Start;
  if (process.ending) {
    order.at = process.ending->at;
    order.deadline = process.ending->deadline;
    order.yields = process.ending->yields;
  }
  return give(order);
}

}  // namespace

Status give_current_run(const ProcessHistory& process,
                        const std::function<Status(const Record&)>& give) {
  ProcessHistory last = process;
  last.runs.keep_last(1);
  if (first_seq(last.runs.front()) > 0) {
    if (auto given = give(summary_of(last)); !given) return given;
  }
  return give_run(last, last.runs.back(), give);
}

Status give_before_fork(const ProcessStatus& forked,
                        const std::function<Status(const Record&)>& give) {
  ProcessStatus waiting;
  waiting.process = forked.process;
  waiting.seq = forked.seq - 1;
  waiting.run = forked.run;
  if (waiting.seq > 0) {
    ProcessSummary before;
    before.process = forked.process;
    before.next_seq = waiting.seq;
    before.next_run = forked.run;
    if (auto given = give(before); !given) return given;
  }
  return give(waiting);
}

void History::drop_old(std::size_t keep) {
  for (ProcessHistory& process : processes_) process.runs.keep_last(keep);
  std::size_t leads = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) leads += only_leads(steps_, i) ? 1 : 0;
  if (leads <= keep) return;
  std::size_t surplus = leads - keep;
  std::vector<TaskStep> kept;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    // The last step has the current boot and deadline. It stays, because `keep` of them are left.
    if (surplus > 0 && only_leads(steps_, i)) {
      --surplus;
      continue;
    }
    kept.push_back(steps_[i]);
  }
  steps_ = std::move(kept);
}

std::size_t History::records_after(std::size_t keep) const {
  std::size_t records = 1 + replacements_.size() + (leadership_ ? 1 : 0) +
                        (first_yield_ && first_yield_ != leadership_ ? 1 : 0) +
                        (shortage_ ? 1 : 0) + gone_nodes_.size() +
                        std::min(steps_.size(), keep + kTaskStates);
  for (const ProcessHistory& process : processes_) {
    records += 1 + 4 * std::min(process.runs.size(), keep);
  }
  return records;
}

Status History::rewrite(const std::function<Status(const Record&)>& give) const {
  if (!header_) return Done{};
  if (auto given = give(*header_); !given) return given;
  for (const TaskStep& step : steps_) {
    TaskStatus status = step.status;
    status.reason = step.reason;
    if (auto given = give(status); !given) return given;
  }
  if (shortage_) {
    TaskStatus status = shortage_->status;
    status.reason = shortage_->reason;
    if (auto given = give(status); !given) return given;
  }
  // The latest Leadership does not tell when the task yielded if a leader vanished before it wrote
  // the task's state, or if the task yielded twice.
  if (first_yield_ && first_yield_ != leadership_) {
    if (auto given = give(*first_yield_); !given) return given;
  }
  if (leadership_) {
    if (auto given = give(*leadership_); !given) return given;
  }
  for (const NodeChange& gone : gone_nodes_) {
    if (auto given = give(gone); !given) return given;
  }
  for (const Replacement& replacement : replacements_) {
    if (auto given = give(replacement); !given) return given;
  }
  for (const ProcessHistory& process : processes_) {
    // A process that never ran may still have an order.
    const bool dropped =
        process.next_seq > 0 && (process.runs.empty() || first_seq(process.runs.front()) > 0);
    if (dropped) {
      if (auto given = give(summary_of(process)); !given) return given;
    }
    if (auto given = give_runs(process, give); !given) return given;
    if (auto given = give_orders(process, give); !given) return given;
  }
  return Done{};
}

}  // namespace thermos
