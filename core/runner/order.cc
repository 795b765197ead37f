#include "core/runner/order.h"

namespace thermos {
namespace {

// Its run has no coordinator yet that has spoken.
bool unborn(const ProcessHistory& process) {
  return process.live() && process.current()->state == ProcessState::Waiting;
}

// There is a run that an order could end.
bool under_way(const ProcessHistory& process, const LaunchControl& launch) {
  return process.live() && (launch.launched() || !unborn(process));
}

// What the verb comes to for a run that nobody has heard of yet.
Verb meant(const ProcessHistory& process, const LaunchControl& launch, Verb verb) {
  if (verb == Verb::Stop || !unborn(process)) return verb;
  // One that was told to end before it was there to hear it will end: that can't be taken back.
  return launch.told_to_end() ? Verb::Restart : Verb::Start;
}

bool holds_already(const ProcessHistory& process, const LaunchControl& launch,
                   const ProcessOrder& order) {
  const bool sooner = process.ending && order.deadline.boot < process.ending->deadline.boot;
  if (order.verb == Verb::Stop) return process.held && !(sooner && under_way(process, launch));
  if (process.held) return false;
  if (under_way(process, launch)) return order.verb == Verb::Start || (process.ending && !sooner);
  return !process.live() && process.immediate == process.next_run;
}

}  // namespace

Status order_allowed(const ProcessConfig& process, TaskState task, Planner::Mark mark) {
  if (task != TaskState::Active) return Error{ErrorCode::Usage, "the task is ending"};
  if (process.final) {
    return Error{ErrorCode::Usage, process.name + " is a finalizer: it runs when the task ends"};
  }
  if (mark == Planner::Mark::Finished) {
    return Error{ErrorCode::Usage, process.name + " has finished"};
  }
  if (mark == Planner::Mark::Failed) {
    return Error{ErrorCode::Usage, process.name + " has failed as often as it may"};
  }
  return Done{};
}

std::optional<ProcessOrder> order_to_record(const ProcessHistory& process,
                                            const LaunchControl& launch, Verb verb, Timestamp now,
                                            Microseconds wait) {
  ProcessOrder order;
  order.process = process.name;
  order.verb = meant(process, launch, verb);
  order.at = now;
  if (order.verb != Verb::Start) order.deadline = later(now, wait);
  if (holds_already(process, launch, order)) return std::nullopt;
  return order;
}

bool ended_by_order(const ProcessHistory& process, const ProcessStatus& status) {
  return is_terminal(status.state) && process.ending && process.ending->run == status.run &&
         status.at.boot >= process.ending->at.boot;
}

}  // namespace thermos
