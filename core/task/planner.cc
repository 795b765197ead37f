#include "core/task/planner.h"

#include <cassert>

namespace thermos {

Planner::Planner(const Graph& graph, const std::vector<bool>& member)
    : graph_(graph),
      marks_(graph.size(), Mark::Absent),
      unmet_(graph.size(), 0),
      stuck_(graph.size(), false),
      started_(graph.mixed() ? graph.size() : 0, false),
      ready_(graph.mixed() ? graph.size() : 0, false) {
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
  if (stuck(p)) stick(p);
}

void Planner::set_finished(ProcessIndex p) {
  assert(marks_[p] == Mark::Running);
  --running_;
  marks_[p] = Mark::Finished;
  ++finished_;
  meet(p, Condition::Success);
  if (graph_.mixed()) end(p);
}

void Planner::set_failed(ProcessIndex p) {
  assert(marks_[p] == Mark::Running);
  --running_;
  marks_[p] = Mark::Failed;
  ++failed_;
  rule_out(graph_.dependents(p, Condition::Success));
  if (graph_.mixed()) end(p);
}

void Planner::come(std::vector<bool>& has, ProcessIndex p, Condition condition) {
  if (has[p]) return;
  assert(marks_[p] == Mark::Running);
  has[p] = true;
  meet(p, condition);
}

bool Planner::awaited(const std::vector<bool>& has, ProcessIndex p, Condition condition) const {
  return graph_.mixed() && !has[p] && !graph_.dependents(p, condition).empty();
}

void Planner::meet(ProcessIndex p, Condition condition) {
  for (const ProcessIndex after : graph_.dependents(p, condition)) {
    if (--unmet_[after] != 0 || marks_[after] != Mark::Blocked) continue;
    marks_[after] = Mark::Runnable;
    ++runnable_;
    newly_runnable_.push_back(after);
  }
}

// It will not run again: what has not come about never will.
void Planner::end(ProcessIndex p) {
  meet(p, Condition::End);
  if (!started_[p]) rule_out(graph_.dependents(p, Condition::Start));
  if (!ready_[p]) rule_out(graph_.dependents(p, Condition::Ready));
}

// They wait for what can't come about. One that runs all the same, as a resume may tell it, is
// stuck when it is Blocked again.
void Planner::rule_out(std::span<const ProcessIndex> dependents) {
  for (const ProcessIndex after : dependents) {
    if (stuck_[after]) continue;
    stuck_[after] = true;
    if (marks_[after] == Mark::Blocked) stick(after);
  }
}

// Tells that `p` is stuck, and all whom that rules out. Without recursion: a chain of a million
// processes may be behind it.
void Planner::stick(ProcessIndex p) {
  std::size_t told = newly_stuck_.size();
  newly_stuck_.push_back(p);
  for (; told < newly_stuck_.size(); ++told) {
    for (const ProcessIndex after : graph_.dependents(newly_stuck_[told])) {
      if (stuck_[after]) continue;
      stuck_[after] = true;
      if (marks_[after] == Mark::Blocked) newly_stuck_.push_back(after);
    }
  }
}

}  // namespace thermos
