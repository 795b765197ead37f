#include "explanations.h"

#include <algorithm>
#include <functional>
#include <string>

#include "broken.h"
#include "core/explain/why.h"
#include "core/explain/why_task.h"
#include "spans.h"

namespace thermos::sim {
namespace {

// A run's end is recorded by the coordinator's clock, and taken a moment later.
constexpr Microseconds kSlack = 2 * kLatency;

bool is_of_task(CauseKind kind) {
  return kind >= CauseKind::TaskEnds && kind <= CauseKind::Overrun;
}

}  // namespace

Explanations::Explanations(const Script& script, const Oracle& oracle, const History& history,
                           Microseconds now, Microseconds at,
                           const std::function<Microseconds(ProcessIndex)>& due)
    : script_(script),
      oracle_(oracle),
      now_(now),
      at_(at),
      due_(due),
      chronicle_(Chronicle::of(history)),
      situation_(script.task, script.graph, chronicle_, at, true) {}

void Explanations::check() const {
  if (!oracle_.started()) return;
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) check_process(p);
  const Answer task = why_task(situation_);
  require(task.state == name_of(oracle_.task().state), "why: the task is not " + task.state);
  for (const Cause& cause : task.causes) check_cause(cause);
  check_spans(situation_);
}

ProcessIndex Explanations::index_of(const std::string& name) const {
  const auto& processes = script_.task.processes;
  const auto found = std::find_if(processes.begin(), processes.end(),
                                  [&](const auto& process) { return process.name == name; });
  require(found != processes.end(), "why: a cause of a process that the task hasn't: " + name);
  return static_cast<ProcessIndex>(found - processes.begin());
}

void Explanations::check_process(ProcessIndex p) const {
  const Result<Answer> answer = why_process(situation_, name(p));
  require(answer.ok(), "why: no answer for " + name(p));
  require(!answer->causes.empty(), "why: no cause for " + name(p));
  const Oracle::Process& process = oracle_.process(p);
  require(answer->state == name_of(process.ran ? process.state : ProcessState::Waiting),
          "why: " + name(p) + " is not " + answer->state);
  check_first(p, *answer);
  for (const Cause& cause : answer->causes) check_cause(cause);
}

// What holds the process itself.
void Explanations::check_first(ProcessIndex p, const Answer& answer) const {
  const Cause& first = answer.causes.front();
  const std::string what = "why: " + name(p) + " is said to be held by " +
                           std::string(name_of(first.kind)) + " (" + first.text + ")";
  const Oracle::Process& process = oracle_.process(p);
  if (process.live) {
    const bool runs = process.state == ProcessState::Running;
    require(first.kind == (runs ? CauseKind::Runs : CauseKind::Launch), what);
    return;
  }
  const TaskState state = oracle_.task().state;
  const bool final = script_.task.processes[p].final;
  const bool past = final ? is_terminal(state) : state != TaskState::Active;
  // What it needs may be defined anew after it ran, and never come.
  const bool never_again = process.ran && (past || !oracle_.may_come(p));
  if (oracle_.over(p) || never_again) {
    // From Ordered on, as an order may have ended it.
    require(first.kind >= CauseKind::Ordered && first.kind <= CauseKind::Yield, what);
    return;
  }
  if (!final && state != TaskState::Active) {
    require(is_of_task(first.kind) || (first.kind == CauseKind::Never && !oracle_.may_come(p)),
            what);
    return;
  }
  if (final && (state == TaskState::Active || state == TaskState::Cleaning)) {
    require(first.kind == CauseKind::Stage, what);
    return;
  }
  const auto unmet = [&](const Need& need) { return !oracle_.holds(need); };
  if (std::any_of(script_.needs[p].begin(), script_.needs[p].end(), unmet)) {
    require(first.kind == (oracle_.may_come(p) ? CauseKind::Need : CauseKind::Never), what);
    const ProcessIndex before = index_of(first.process);
    require(std::any_of(script_.needs[p].begin(), script_.needs[p].end(),
                        [&](const Need& need) { return need.process == before && unmet(need); }),
            what + ", which it does not need");
    return;
  }
  // All that could start has, so something else holds it.
  require(first.kind != CauseKind::Turn, what);
}

void Explanations::check_cause(const Cause& cause) const {
  const std::string what = "why: not true: " + std::string(name_of(cause.kind)) + " " + cause.text;
  if (cause.time) require(*cause.time <= at_ + kSlack, what + ": its time has not come");
  const Entry& task = oracle_.task();
  const bool ending = task.state != TaskState::Active;
  if (cause.process.empty()) {
    if (cause.kind == CauseKind::TaskEnds) require(ending, what);
    if (cause.kind == CauseKind::Limit || cause.kind == CauseKind::Deadlock) {
      require(ending, what);
      // More may have failed since, as the others were ended.
      if (cause.kind == CauseKind::Limit) require(oracle_.limit_reached(), what);
    }
    if (cause.kind == CauseKind::Kill) {
      require(task.goal == TaskState::Killed || task.goal == TaskState::Lost, what);
    }
    if (cause.kind == CauseKind::Yield) require(oracle_.yielded().has_value(), what);
    return;
  }
  const ProcessIndex p = index_of(cause.process);
  const Oracle::Process& process = oracle_.process(p);
  switch (cause.kind) {
    case CauseKind::Need:
      check_need(p, false);
      break;
    case CauseKind::Never:
      check_need(p, true);
      break;
    case CauseKind::Clock:
      require(!process.live && due_(p) > now_, what);
      require(std::abs((*cause.until - at_) - (due_(p) - now_)) <= kSlack, what + ": until when");
      break;
    case CauseKind::Hold:
      require(process.held, what);
      break;
    case CauseKind::Stage:
      require(script_.task.processes[p].final, what);
      break;
    case CauseKind::Concurrency: {
      const bool final = script_.task.processes[p].final;
      const std::uint32_t most = script_.task.max_concurrency;
      require(most != 0, what);
      if (!cause.run) {  // it waits for a place; else it made room
        require(oracle_.live(final) + oracle_.parked(final) >= most, what);
      }
      break;
    }
    case CauseKind::Pool:
      require(pool_is_short(p), what);
      break;
    case CauseKind::Time:
      require(script_.task.processes[p].time.has_value() && !script_.allocations.empty(), what);
      break;
    case CauseKind::Turn:
      throw Broken(what);
    case CauseKind::Launch:
      require(process.live && process.state != ProcessState::Running, what);
      break;
    case CauseKind::Runs:
      require(process.live && process.state == ProcessState::Running, what);
      break;
    case CauseKind::Readiness:
      require(process.live && !process.ready, what);
      break;
    case CauseKind::Health:
      require(process.live && process.refusals > 0, what);
      break;
    case CauseKind::Ending:
      require(process.live && process.ending.has_value(), what);
      break;
    default:
      check_end(cause, p);
  }
}

void Explanations::check_end(const Cause& cause, ProcessIndex p) const {
  if (cause.kind < CauseKind::Success || cause.kind > CauseKind::Yield) return;
  const Oracle::Process& process = oracle_.process(p);
  if (process.live || cause.run != process.run) return;  // of a run before
  const std::string what = "why: not true: " + std::string(name_of(cause.kind)) + " " + cause.text;
  require((cause.kind == CauseKind::Success) == (process.state == ProcessState::Success), what);
  const bool lost = cause.kind == CauseKind::Lost || cause.kind == CauseKind::Reboot;
  require(lost == (process.state == ProcessState::Lost), what);
  const bool by_limit = cause.kind == CauseKind::Timeout || cause.kind == CauseKind::Unready ||
                        cause.kind == CauseKind::Unhealthy;
  if (by_limit) require(process.state == ProcessState::Failed, what);
  if (cause.kind == CauseKind::Exit) require(process.state == ProcessState::Failed, what);
}

// Somebody needs of `p` what has not come about; if `never`, it can't.
void Explanations::check_need(ProcessIndex p, bool never) const {
  for (ProcessIndex other = 0; other < script_.needs.size(); ++other) {
    for (const Need& need : script_.needs[other]) {
      if (need.process != p || oracle_.holds(need)) continue;
      if (!never || !oracle_.may_come(other)) return;
    }
  }
  // The task as a whole names one that can never run.
  if (never && !oracle_.may_come(p)) return;
  throw Broken("why: nobody waits for " + name(p) + (never ? " in vain" : ""));
}

bool Explanations::pool_is_short(ProcessIndex p) const {
  for (const auto& [pool, amount] : script_.task.processes[p].uses.entries) {
    std::uint64_t wanted = amount;
    std::uint64_t size = 0;
    for (const auto& [own, there_is] : script_.task.pools.entries) {
      if (own == pool) size = there_is;
    }
    for (ProcessIndex other = 0; other < script_.task.processes.size(); ++other) {
      if (other == p) continue;
      const bool takes_part = oracle_.process(other).live || oracle_.runnable(other);
      for (const auto& [used, share] : script_.task.processes[other].uses.entries) {
        if (used == pool && takes_part) wanted += share;
      }
    }
    if (wanted > size) return true;
  }
  // Somebody who asked before it waits for another pool.
  const auto shares = [&](ProcessIndex other) {
    if (other == p || !oracle_.runnable(other)) return false;
    for (const auto& [pool, amount] : script_.task.processes[p].uses.entries) {
      for (const auto& [used, share] : script_.task.processes[other].uses.entries) {
        if (used == pool) return true;
      }
    }
    return false;
  };
  for (ProcessIndex other = 0; other < script_.task.processes.size(); ++other) {
    if (shares(other)) return true;
  }
  return false;
}

}  // namespace thermos::sim
