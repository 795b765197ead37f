#include "core/explain/situation.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace thermos {
namespace {

constexpr std::array<Condition, kConditions> kAll = {Condition::Success, Condition::Start,
                                                     Condition::Ready, Condition::End};

}  // namespace

Situation::Situation(const TaskConfig& task, const Graph& graph, const Chronicle& chronicle,
                     Microseconds at, std::optional<bool> led)
    : task_(task),
      chronicle_(chronicle),
      at_(at),
      led_(led),
      standing_(task, chronicle.history(), at),
      never_(task.processes.size()) {
  find_needs(graph);
  find_never(graph);
}

void Situation::find_needs(const Graph& graph) {
  begin_.assign(task_.processes.size() + 1, 0);
  for (ProcessIndex p = 0; p < graph.size(); ++p) begin_[p + 1] = begin_[p] + graph.dependencies(p);
  needs_.resize(begin_.back());
  std::vector<std::size_t> next(begin_.begin(), begin_.end() - 1);
  for (ProcessIndex before = 0; before < graph.size(); ++before) {
    for (const Condition condition : kAll) {
      for (const ProcessIndex p : graph.dependents(before, condition)) {
        needs_[next[p]++] = {before, condition};
      }
    }
  }
}

// Goes from the processes that are over to those that wait for a condition that was not met.
void Situation::find_never(const Graph& graph) {
  std::vector<ProcessIndex> open;
  for (ProcessIndex p = 0; p < size(); ++p) {
    if (standing_.over(p)) open.push_back(p);
  }
  while (!open.empty()) {
    const ProcessIndex before = open.back();
    open.pop_back();
    for (const Condition condition : kAll) {
      if (standing_.has_come(before, condition)) continue;
      for (const ProcessIndex p : graph.dependents(before, condition)) {
        if (never_[p] || !waits(p)) continue;
        never_[p] = true;
        open.push_back(p);
      }
    }
  }
}

std::string Situation::shown_id() const {
  return history().header() ? printable(history().header()->task_id) : "TASK";
}

std::optional<ProcessIndex> Situation::find(std::string_view name) const {
  const auto found = std::find_if(task_.processes.begin(), task_.processes.end(),
                                  [&](const ProcessConfig& p) { return p.name == name; });
  if (found == task_.processes.end()) return std::nullopt;
  return static_cast<ProcessIndex>(found - task_.processes.begin());
}

bool Situation::waits_for_needs(ProcessIndex p) const {
  const auto all = needs(p);
  return std::any_of(all.begin(), all.end(), [this](const Need& need) { return unmet(need); });
}

bool Situation::in_stage(ProcessIndex p) const {
  return state() == (config(p).final ? TaskState::Finalizing : TaskState::Active);
}

bool Situation::past_stage(ProcessIndex p) const {
  return config(p).final ? is_terminal(state()) : state() != TaskState::Active;
}

bool Situation::has_place(ProcessIndex p) const {
  if (!standing_.live(p)) return false;
  const ProcessHistory& past = *standing_.past(p);
  return past.current()->state != ProcessState::Waiting || (!past.held && !past.ending);
}

bool Situation::free_to_run(ProcessIndex p) const {
  return waits(p) && in_stage(p) && !waits_for_needs(p) && !standing_.held(p) &&
         !standing_.next_try(p);
}

bool Situation::uses_shared_pool(ProcessIndex p) const {
  const auto is_own = [this](const std::string& name) {
    return std::any_of(task_.pools.entries.begin(), task_.pools.entries.end(),
                       [&](const auto& pool) { return pool.first == name; });
  };
  return std::any_of(config(p).uses.entries.begin(), config(p).uses.entries.end(),
                     [&](const auto& use) { return !is_own(use.first); });
}

}  // namespace thermos
