#include "core/runner/order.h"

namespace thermos {
namespace {

constexpr std::string_view kYielded = "ended as the task yielded";

// Returns whether no record of the run's coordinator has come yet.
bool unborn(const ProcessHistory& process) {
  return process.live() && process.current()->state == ProcessState::Waiting;
}

// Returns whether there is a run that an order could end.
bool under_way(const ProcessHistory& process, const LaunchControl& launch) {
  return process.live() && (launch.launched() || !unborn(process));
}

// Returns what the verb means for a run of which no coordinator has recorded anything yet.
Verb meant(const ProcessHistory& process, const LaunchControl& launch, Verb verb) {
  if (verb == Verb::Stop || !unborn(process)) return verb;
  // A run that was told to end before its coordinator could hear it will end: that can't be taken
  // back.
  return launch.told_to_end() ? Verb::Restart : Verb::Start;
}

bool holds_already(const ProcessHistory& process, const LaunchControl& launch,
                   const ProcessOrder& order) {
  const bool sooner = process.ending && order.deadline.boot < process.ending->deadline.boot;
  if (order.verb == Verb::Stop) return process.held && !(sooner && under_way(process, launch));
  if (process.held) return false;
  if (under_way(process, launch)) {
    if (!process.ending) return order.verb == Verb::Start;
    // If the runner itself ends the run, the next wait is not waived yet.
    return process.immediate == process.next_run && (order.verb == Verb::Start || !sooner);
  }
  return !process.live() && process.immediate == process.next_run;
}

}  // namespace

Status order_allowed(const ProcessConfig& process, TaskState task, Planner::Mark mark, Verb verb) {
  if (task != TaskState::Active) return Error{ErrorCode::Usage, "the task is ending"};
  if (process.final) {
    return Error{ErrorCode::Usage, process.name + " is a finalizer: it runs when the task ends"};
  }
  if (mark == Planner::Mark::Finished) {
    return Error{ErrorCode::Usage, process.name + " has finished"};
  }
  if (mark == Planner::Mark::Failed && verb == Verb::Stop) {
    return Error{ErrorCode::Usage,
                 process.name + " does not run: it has failed as often as it may"};
  }
  return Done{};
}

std::optional<ProcessOrder> order_to_record(const ProcessHistory& process,
                                            const LaunchControl& launch, Verb verb, Timestamp now,
                                            Microseconds wait, bool failed) {
  ProcessOrder order;
  order.process = process.name;
  order.verb = meant(process, launch, verb);
  order.at = now;
  if (order.verb != Verb::Start) order.deadline = later(now, wait);
  order.revives = failed;
  if (!failed && holds_already(process, launch, order)) return std::nullopt;
  return order;
}

void count_as_ordered(const ProcessHistory& process, ProcessStatus& status, Microseconds ahead) {
  const std::optional<StopOrder>& ending = process.ending;
  if (!is_terminal(status.state) || !ending || ending->run != status.run) return;
  if (status.at.boot < ending->at.boot + ahead) return;
  if (ending->yields && status.state == ProcessState::Success) return;
  status.state = ending->failure ? ProcessState::Failed : ProcessState::Killed;
  status.origin = ending->failure ? Origin::EndedByRunner : Origin::Ordered;
  if (ending->failure) status.reason = *ending->failure;
  if (ending->yields) status.reason = kYielded;
}

}  // namespace thermos
