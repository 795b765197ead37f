#include "core/task/planner.h"

#include <algorithm>
#include <cassert>

namespace thermos {

Planner::Planner(const Graph& graph, const std::vector<bool>& member)
    : graph_(graph), nodes_(graph.size()), come_(graph.mixed() ? graph.size() : 0) {
  assert(member.size() == graph.size());
  for (Rank p = 0; p < graph.size(); ++p) {
    nodes_[p].unmet = graph.dependencies_at(p);
    if (!member[p]) continue;
    ++size_;
    nodes_[p].mark = Mark::Blocked;
  }
  for (Rank p = 0; p < graph.size() && size_ < graph.size(); ++p) {
    if (member[p]) continue;
    for (const Rank after : graph.behind(p)) --nodes_[after].unmet;
  }
  for (Rank p = 0; p < graph.size(); ++p) {
    if (nodes_[p].mark != Mark::Blocked || nodes_[p].unmet != 0) continue;
    nodes_[p].mark = Mark::Runnable;
    ++runnable_;
    newly_runnable_.push_back(p);
  }
}

void Planner::set_running(Rank p) {
  assert(nodes_[p].mark == Mark::Runnable || nodes_[p].mark == Mark::Blocked);
  if (nodes_[p].mark == Mark::Runnable) --runnable_;
  const bool was_stuck = stuck(p);
  nodes_[p].mark = Mark::Running;
  ++running_;
  if (was_stuck) rule_in(graph_.behind(p));  // in a resume, a stuck process may run
}

void Planner::reset(Rank p) {
  assert(nodes_[p].mark == Mark::Running);
  --running_;
  nodes_[p].mark = nodes_[p].unmet == 0 ? Mark::Runnable : Mark::Blocked;
  if (nodes_[p].unmet == 0) ++runnable_;
  if (stuck(p)) stick(p);
}

void Planner::set_finished(Rank p) {
  assert(nodes_[p].mark == Mark::Running);
  --running_;
  nodes_[p].mark = Mark::Finished;
  ++finished_;
  meet(p, Condition::Success);
  if (graph_.mixed()) end(p);
}

void Planner::set_failed(Rank p) {
  assert(nodes_[p].mark == Mark::Running);
  --running_;
  nodes_[p].mark = Mark::Failed;
  ++failed_;
  rule_out(graph_.behind(p, Condition::Success));
  if (graph_.mixed()) end(p);
}

void Planner::revive(Rank p) {
  Node& node = nodes_[p];
  assert(node.mark == Mark::Failed);
  --failed_;
  node.mark = node.unmet == 0 ? Mark::Runnable : Mark::Blocked;
  if (node.unmet == 0) ++runnable_;
  rule_in(graph_.behind(p, Condition::Success));
  if (!graph_.mixed()) return;
  if (!come_[p].start) rule_in(graph_.behind(p, Condition::Start));
  if (!come_[p].ready) rule_in(graph_.behind(p, Condition::Ready));
}

void Planner::come(bool& has, Rank p, Condition condition) {
  if (has) return;
  assert(nodes_[p].mark == Mark::Running);
  has = true;
  meet(p, condition);
}

void Planner::meet(Rank p, Condition condition) {
  for (const Rank after : graph_.behind(p, condition)) {
    Node& node = nodes_[after];
    if (--node.unmet != 0 || node.mark != Mark::Blocked) continue;
    node.mark = Mark::Runnable;
    ++runnable_;
    newly_runnable_.push_back(after);
  }
}

// `p` will not run again: conditions of it that have not come about never will.
void Planner::end(Rank p) {
  if (!come_[p].end) meet(p, Condition::End);
  come_[p].end = true;
  if (!come_[p].start) rule_out(graph_.behind(p, Condition::Start));
  if (!come_[p].ready) rule_out(graph_.behind(p, Condition::Ready));
}

// Says that `dependents` wait for a condition that can't come about. A dependent that runs all the
// same, as in a resume, becomes stuck when it is Blocked again.
void Planner::rule_out(std::span<const Rank> dependents) {
  if (ruled_out_.empty() && !dependents.empty()) ruled_out_.resize(nodes_.size());
  for (const Rank after : dependents) {
    if (ruled_out_[after]++ == 0 && nodes_[after].mark == Mark::Blocked) stick(after);
  }
}

// Reports that `p` is stuck, and all processes that are stuck because of it. Without recursion,
// because a chain of a million processes may wait for `p`.
void Planner::stick(Rank p) {
  std::size_t told = newly_stuck_.size();
  newly_stuck_.push_back(p);
  for (; told < newly_stuck_.size(); ++told) {
    for (const Rank after : graph_.behind(newly_stuck_[told])) {
      if (ruled_out_[after]++ == 0 && nodes_[after].mark == Mark::Blocked)
        newly_stuck_.push_back(after);
    }
  }
}

// Undoes rule_out() for the same dependents.
void Planner::rule_in(std::span<const Rank> dependents) {
  std::size_t told = newly_unstuck_.size();
  const auto take_back = [this](Rank after) {
    if (--ruled_out_[after] == 0 && nodes_[after].mark == Mark::Blocked)
      newly_unstuck_.push_back(after);
  };
  std::for_each(dependents.begin(), dependents.end(), take_back);
  for (; told < newly_unstuck_.size(); ++told) {
    const auto behind = graph_.behind(newly_unstuck_[told]);
    std::for_each(behind.begin(), behind.end(), take_back);
  }
}

}  // namespace thermos
