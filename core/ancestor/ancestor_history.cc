#include "core/ancestor/ancestor_history.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace thermos::ancestor {
namespace {

constexpr std::string_view kNoEnd = "its end is not on record";
constexpr std::string_view kNotLaunched = "it could not be launched";
constexpr std::string_view kLeftActive =
    "no end is on record, and nobody goes on with a task of Apache Thermos";

Error corrupt(const ProcessStep& step, const std::string& what) {
  return {ErrorCode::Corrupt,
          "process \"" + step.process + "\", record " + std::to_string(step.seq) + ": " + what};
}

// The place of a state in the order in which a task passes them; all terminal states have the last.
int rank_of(TaskState state) {
  return is_terminal(state) ? static_cast<int>(TaskState::Success) : static_cast<int>(state);
}

}  // namespace

Status AncestorHistory::take(const Record& record) {
  if (const auto* step = std::get_if<ProcessStep>(&record)) return add(*step, false);
  if (const auto* step = std::get_if<TaskStep>(&record)) {
    steps_.push_back(*step);
    latest_ = std::max(latest_, step->at);
    return Done{};
  }
  const auto& header = *std::get_if<Header>(&record);
  if (header_) {
    if (header_->header == header.header) return Done{};
    return Error{ErrorCode::Corrupt, "a second header, for task \"" + header.header.task_id +
                                         "\", that differs from the first"};
  }
  header_ = header;
  latest_ = std::max(latest_, header.header.launch_time);
  return Done{};
}

Status AncestorHistory::take_from_coordinator(const ProcessStep& step) {
  return add(step, true);
}

bool AncestorHistory::ended() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const TaskStep& step) { return is_terminal(step.state); });
}

AncestorHistory::Named& AncestorHistory::process_of(const std::string& name) {
  return *processes_.try_emplace(name).first;
}

Microseconds AncestorHistory::time_of(const ProcessStep& step) const {
  const std::optional<Microseconds>* known = nullptr;
  if (step.state == ProcessState::Forked) known = &step.forked;
  if (step.state == ProcessState::Running) known = &step.started;
  if (is_terminal(step.state)) known = &step.stopped;
  return known != nullptr && *known ? **known : latest_;
}

ProcessStatus& AncestorHistory::record(Named& process, ProcessState state, Microseconds at) {
  ProcessStatus& status = records_.emplace_back();
  status.process = process.first;
  status.seq = process.second.next_ours++;
  status.run = process.second.run;
  status.state = state;
  status.at.wall = at;
  process.second.state = state;
  return status;
}

// Adds the states in between, which Apache Thermos may leave out.
void AncestorHistory::bridge(Named& process, ProcessState to, Microseconds at) {
  if (!is_terminal(to) || to == ProcessState::Success) return;
  if (process.second.state == ProcessState::Waiting && to != ProcessState::Failed) {
    record(process, ProcessState::Forked, at);
  }
  if (process.second.state == ProcessState::Forked && to == ProcessState::Failed) {
    record(process, ProcessState::Running, at);
  }
}

Status AncestorHistory::add(const ProcessStep& step, bool from_coordinator) {
  const auto known = processes_.find(step.process);
  const Process before = known == processes_.end() ? Process() : known->second;
  if (step.seq < before.next_theirs) return Done{};
  const bool live = before.state && !is_terminal(*before.state);
  // A coordinator does not write the WAITING of its run.
  const bool without_waiting = from_coordinator && !live && step.state == ProcessState::Forked &&
                               step.seq == before.next_theirs + 1;
  if (step.seq != before.next_theirs && !without_waiting) {
    return corrupt(step, "a gap in its sequence: record " + std::to_string(before.next_theirs) +
                             " is expected");
  }
  const bool begins = without_waiting || step.state == ProcessState::Waiting;
  const auto cannot_follow = [&] {
    return corrupt(step, std::string(name_of(step.state)) + " can't follow " +
                             (before.state ? std::string(name_of(*before.state)) : "nothing"));
  };
  if (begins == live) return cannot_follow();

  const Microseconds at = time_of(step);
  Named& process = process_of(step.process);
  if (begins) {
    if (before.state) ++process.second.run;
    record(process, ProcessState::Waiting, at);
  }
  if (step.state != ProcessState::Waiting) {
    bridge(process, step.state, at);
    if (!may_follow(*process.second.state, step.state)) return cannot_follow();
    const bool launched = before.state != ProcessState::Waiting;
    ProcessStatus& status = record(process, step.state, at);
    if (step.state == ProcessState::Forked) status.identity.pid = step.coordinator_pid;
    if (step.state == ProcessState::Running) status.identity.pid = step.pid;
    if (is_terminal(step.state)) {
      // A runner that killed the process wrote -1, which is no signal: it did not see the end.
      const bool unseen = step.state == ProcessState::Killed && step.return_code == -1;
      if (!unseen) status.return_code = step.return_code;
      if (!launched && step.state == ProcessState::Failed) status.reason = kNotLaunched;
    }
  }
  process.second.next_theirs = step.seq + 1;
  latest_ = std::max(latest_, at);
  return Done{};
}

RunnerHeader AncestorHistory::header_for(const Finish& with) const {
  RunnerHeader header = header_ ? header_->header : RunnerHeader();
  header.keep_logs = 0;
  if (!header_) {
    header.task_id = with.task_id;
    header.launch_time = steps_.empty() ? 0 : steps_.front().at;
  }
  if ((!header_ || !header_->has_uid) && !steps_.empty()) header.uid = steps_.front().runner_uid;
  if (header.log_dir.empty()) header.log_dir = with.log_dir;
  return header;
}

// The task's states in an order in which they may follow one another, with `end` as the last.
std::vector<TaskStatus> AncestorHistory::statuses(TaskState end, Microseconds begun) const {
  std::vector<TaskStatus> all;
  const auto put = [&](TaskState state, const TaskStep& step) {
    TaskStatus& status = all.emplace_back();
    status.state = state;
    status.at.wall = step.at;
    status.runner_pid = step.runner_pid;
    status.runner_uid = step.runner_uid;
    if (state != TaskState::Active) status.goal = end;
  };
  TaskStep last;
  last.at = begun;
  TaskState state = TaskState::Active;
  if (steps_.empty() || steps_.front().state != TaskState::Active) put(state, last);
  for (const TaskStep& step : steps_) {
    last = step;
    if (is_terminal(step.state)) continue;  // the latest end counts, and is put below
    // A runner that takes the lead of a task in its CLEANING may write that it is ACTIVE.
    if (state == TaskState::Active && step.state == TaskState::Finalizing) {
      put(TaskState::Cleaning, step);
    }
    if (rank_of(step.state) > rank_of(state)) state = step.state;
    put(state, step);
  }
  if (!ended()) last.at = latest_;
  if (state == TaskState::Active) put(TaskState::Cleaning, last);
  put(end, last);
  return all;
}

Result<History> AncestorHistory::finish(const Finish& with) const {
  const auto last_end = std::find_if(steps_.rbegin(), steps_.rend(),
                                     [](const TaskStep& step) { return is_terminal(step.state); });
  const TaskState end = last_end == steps_.rend() ? TaskState::Lost : last_end->state;
  History history;
  const RunnerHeader header = header_for(with);
  if (auto applied = history.apply(header); !applied) return applied.error();
  std::vector<TaskStatus> all = statuses(end, header.launch_time);
  all.front().reason = with.mark;
  if (last_end == steps_.rend()) all.back().reason = kLeftActive;
  // Durations are computed from the boot clock, which those streams do not have.
  const auto by_both = [begun = header.launch_time](Timestamp at) {
    return Timestamp{at.wall, std::max<Microseconds>(at.wall - begun, 0)};
  };
  for (TaskStatus& status : all) {
    status.at = by_both(status.at);
    if (auto applied = history.apply(status); !applied) return applied.error();
  }
  for (ProcessStatus status : records_) {
    status.at = by_both(status.at);
    if (auto applied = history.apply(status); !applied) return applied.error();
  }
  for (const auto& [name, process] : processes_) {
    // A process that only waited is not LOST.
    if (is_terminal(*process.state) || process.state == ProcessState::Waiting) continue;
    ProcessStatus lost;
    lost.process = name;
    lost.seq = process.next_ours;
    lost.run = process.run;
    lost.state = ProcessState::Lost;
    lost.at = by_both({latest_, 0});
    lost.reason = kNoEnd;
    if (auto applied = history.apply(lost); !applied) return applied.error();
  }
  return history;
}

thermos::Record Listing::plain(const Record& record) {
  if (const auto* header = std::get_if<Header>(&record)) return header->header;
  if (const auto* step = std::get_if<TaskStep>(&record)) {
    latest_ = step->at;
    TaskStatus status;
    status.state = step->state;
    status.at.wall = step->at;
    status.runner_pid = step->runner_pid;
    status.runner_uid = step->runner_uid;
    status.goal = step->state;
    status.deadline = status.at;
    return status;
  }
  const auto& step = *std::get_if<ProcessStep>(&record);
  Runs& runs = runs_[step.process];
  // A coordinator's stream has no WAITING between two runs.
  if (runs.ended) ++runs.number;
  runs.ended = is_terminal(step.state);
  ProcessStatus status;
  status.process = step.process;
  status.seq = step.seq;
  status.run = runs.number;
  status.state = step.state;
  status.return_code = step.return_code;
  std::optional<Microseconds> at;
  if (step.state == ProcessState::Forked) {
    status.identity.pid = step.coordinator_pid;
    at = step.forked;
  } else if (step.state == ProcessState::Running) {
    status.identity.pid = step.pid;
    at = step.started;
  } else if (is_terminal(step.state)) {
    at = step.stopped;
  }
  latest_ = at.value_or(latest_);
  status.at.wall = latest_;
  return status;
}

}  // namespace thermos::ancestor
