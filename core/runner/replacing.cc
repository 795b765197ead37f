#include "core/runner/replacing.h"

#include <algorithm>

namespace thermos {
namespace {

// The pause between two tries to replace the task's file. No event reports that a full disk has
// room again.
constexpr Microseconds kWriteAgain = 5 * kSecond;

// Returns the processes that the replacement names and the runner has. A runner has an added
// process only if its leader found the task's file changed.
std::vector<ProcessIndex> named(const Replacement& record, const Runner& runner) {
  std::vector<ProcessIndex> found;
  for (const auto* names : {&record.changed, &record.removed, &record.added}) {
    for (const std::string& name : *names) {
      if (const auto p = runner.find(name)) found.push_back(*p);
    }
  }
  return found;
}

bool runs_on_record(const History& history, const std::string& name) {
  const auto index = history.find(name);
  if (!index) return false;
  const ProcessHistory& past = history.process(*index);
  return past.live() && past.current()->state != ProcessState::Waiting;
}

}  // namespace

bool Replacing::takes_lead_at_once(const History& history) {
  if (!task_written_ || history.state() != TaskState::Active) return false;
  for (const auto* names : {&record_.changed, &record_.removed, &record_.added}) {
    for (const std::string& name : *names) {
      // This happens only after the disk lost records that had been synced.
      if (runs_on_record(history, name)) return false;
    }
  }
  stage_ = Stage::Leading;
  return true;
}

Replacing::Act Replacing::next(const Runner& runner, const Facts& facts) {
  if (!facts.leads) return Act::Abandon;
  switch (stage_) {
    case Stage::Stopping:
      return stop(runner, facts);
    case Stage::Stopped:
      stage_ = Stage::Writing;
      return Act::WriteTask;
    case Stage::Writing:
      break;
    case Stage::Written:
      stage_ = Stage::Leading;
      return Act::TakeLead;
    case Stage::Leading:
      stage_ = Stage::Recorded;
      return Act::SyncRecord;
    case Stage::Recorded:
      return Act::RemoveFile;
  }
  return Act::Wait;
}

Replacing::Act Replacing::stop(const Runner& runner, const Facts& facts) {
  if (runner.state() != TaskState::Active) return Act::CallOff;
  if (runner.yields()) return Act::Wait;  // the next leader goes on with it
  if (again_at_ && facts.now < *again_at_) return Act::Wait;
  again_at_.reset();
  to_stop_.clear();
  bool over = true;
  for (const ProcessIndex p : named(record_, runner)) {
    over = over && !runner.under_way(p);
    const std::string& name = runner.task().processes[p].name;
    // The order that holds a process also tells its run under way to end.
    if (!runner.past(p).held && runner.may_order(name, Verb::Stop)) {
      to_stop_.push_back(name);
    }
  }
  if (!to_stop_.empty()) return Act::Stop;
  if (!over || !facts.idle) return Act::Wait;
  stage_ = Stage::Stopped;
  return Act::SyncRecord;
}

void Replacing::task_written(bool written, Microseconds now) {
  if (written) {
    stage_ = Stage::Written;
  } else {
    stage_ = Stage::Stopping;
    again_at_ = now + kWriteAgain;
  }
}

}  // namespace thermos
