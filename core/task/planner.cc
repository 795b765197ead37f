#include "core/task/planner.h"

#include <cassert>

namespace thermos {

Planner::Planner(const Graph& graph, const std::vector<bool>& member)
    : graph_(graph), marks_(graph.size(), Mark::Absent), unmet_(graph.size(), 0) {
  assert(member.size() == graph.size());
  for (ProcessIndex p = 0; p < graph.size(); ++p) {
    if (!member[p]) continue;
    ++size_;
    marks_[p] = Mark::Blocked;
    for (const ProcessIndex after : graph.dependents(p)) ++unmet_[after];
  }
  for (ProcessIndex p = 0; p < graph.size(); ++p) {
    if (marks_[p] != Mark::Blocked || unmet_[p] != 0) continue;
    marks_[p] = Mark::Runnable;
    ++runnable_;
    newly_runnable_.push_back(p);
  }
}

void Planner::set_running(ProcessIndex p) {
  assert(marks_[p] == Mark::Runnable || marks_[p] == Mark::Blocked);
  if (marks_[p] == Mark::Runnable) --runnable_;
  marks_[p] = Mark::Running;
  ++running_;
}

void Planner::reset(ProcessIndex p) {
  assert(marks_[p] == Mark::Running);
  --running_;
  marks_[p] = unmet_[p] == 0 ? Mark::Runnable : Mark::Blocked;
  if (unmet_[p] == 0) ++runnable_;
}

void Planner::set_finished(ProcessIndex p) {
  assert(marks_[p] == Mark::Running);
  --running_;
  marks_[p] = Mark::Finished;
  ++finished_;
  for (const ProcessIndex after : graph_.dependents(p)) {
    if (--unmet_[after] != 0 || marks_[after] != Mark::Blocked) continue;
    marks_[after] = Mark::Runnable;
    ++runnable_;
    newly_runnable_.push_back(after);
  }
}

void Planner::set_failed(ProcessIndex p) {
  assert(marks_[p] == Mark::Running);
  --running_;
  marks_[p] = Mark::Failed;
  ++failed_;
}

}  // namespace thermos
