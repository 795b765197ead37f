#include "core/runner/rerun.h"

#include <algorithm>

#include "core/record/taken_successes.h"

namespace thermos {
namespace {

bool has(const std::vector<bool>& set, ProcessIndex p) {
  return p < set.size() && set[p];
}

// Returns whether a run failed, and not because the task was ending.
bool failed_by_itself(const History& past, const Run& run) {
  if (run.state != ProcessState::Failed) return false;
  const auto& steps = past.steps();
  const auto ending = std::find_if(steps.begin(), steps.end(), [](const TaskStep& step) {
    return step.status.state != TaskState::Active;
  });
  return ending == steps.end() || run.stopped->wall < ending->status.at.wall;
}

// Returns why the process runs again on its own account, and not because of others.
Again own_reason(const ProcessConfig& process, const History& past) {
  const auto known = past.find(process.name);
  const ProcessHistory* before = known ? &past.process(*known) : nullptr;
  const bool service = process.daemon || process.ephemeral;
  if (before != nullptr && has_succeeded(*before)) {
    return process.daemon ? Again::Service : Again::No;
  }
  if (!service) return Again::Unsuccessful;
  const Run* run = before != nullptr && before->begun() ? before->current() : nullptr;
  const bool failed = run != nullptr && failed_by_itself(past, *run);
  return failed ? Again::Unsuccessful : Again::Service;
}

}  // namespace

std::vector<Again> plan_rerun(const TaskConfig& task, const Graph& graph, const History& past,
                              const RerunWish& wish) {
  std::vector<Again> plan(task.processes.size(), Again::No);
  std::vector<ProcessIndex> reasons;  // the processes that wait for these run again
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    if (task.processes[p].final) {
      plan[p] = Again::Finalizer;
      continue;
    }
    plan[p] = wish.all || has(wish.named, p) ? Again::Asked
              : has(wish.changed, p)         ? Again::Changed
                                             : own_reason(task.processes[p], past);
    if (plan[p] != Again::No && plan[p] != Again::Service) reasons.push_back(p);
  }
  while (!reasons.empty()) {
    const ProcessIndex before = reasons.back();
    reasons.pop_back();
    for (const ProcessIndex p : graph.dependents(before)) {
      if (plan[p] != Again::No && plan[p] != Again::Service) continue;
      plan[p] = Again::Behind;
      reasons.push_back(p);
    }
  }
  return plan;
}

}  // namespace thermos
