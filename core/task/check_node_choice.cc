#include "core/task/check_node_choice.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "core/base/text.h"
#include "core/task/check_name.h"
#include "core/task/node_choice.h"

namespace thermos {
namespace {

using ByName = std::map<std::string_view, ProcessIndex>;

ByName names_of(const TaskConfig& task) {
  ByName names;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) names.emplace(task.processes[p].name, p);
  return names;
}

// Returns the process on whose node `p` is to run; nothing if `p` names none, or the process does
// not exist.
std::optional<ProcessIndex> followed_by(const TaskConfig& task, const ByName& names,
                                        ProcessIndex p) {
  const On on = on_of(task.processes[p].on);
  if (on.rule != On::Rule::SameAs) return std::nullopt;
  const auto next = names.find(on.name);
  return next == names.end() ? std::nullopt : std::optional(next->second);
}

// Finds the processes on a ring: going from a process to the one that its `on` names, and so on,
// leads back to it. Visits each process only once, because a chain may contain all of them.
class Rings {
 public:
  Rings(const TaskConfig& task, const ByName& names, const std::vector<ProcessIndex>& placed)
      : passed_(task.processes.size(), Passed::No) {
    for (const ProcessIndex start : placed) {
      std::optional<ProcessIndex> p = start;
      std::vector<ProcessIndex> path;
      for (; p && passed_[*p] == Passed::No; p = followed_by(task, names, *p)) {
        passed_[*p] = Passed::Now;
        path.push_back(*p);
      }
      bool on_ring = p && passed_[*p] == Passed::Now;
      for (; !path.empty(); path.pop_back()) {
        passed_[path.back()] = on_ring ? Passed::OnRing : Passed::Before;
        if (on_ring && path.back() == *p) on_ring = false;
      }
    }
  }
  bool hold(ProcessIndex p) const { return passed_[p] == Passed::OnRing; }

 private:
  enum class Passed : std::uint8_t { No, Now, Before, OnRing };
  std::vector<Passed> passed_;
};

std::optional<std::string> fault_of(const TaskConfig& task, const ByName& names, const Rings& rings,
                                    ProcessIndex p) {
  const On on = on_of(task.processes[p].on);
  if (on.rule == On::Rule::Node) {
    if (auto good = check_node_name(on.name); !good) return good.error().message;
    return std::nullopt;
  }
  if (on.rule != On::Rule::SameAs) return std::nullopt;
  const auto other = names.find(on.name);
  if (other == names.end()) return "there is no process " + quoted(on.name, kMaxName);
  if (task.processes[other->second].on == "each") {
    return quoted(on.name, kMaxName) + " runs on each node: which one is meant is not said";
  }
  if (rings.hold(p)) return "comes back to the process itself";
  return std::nullopt;
}

}  // namespace

std::vector<OnFault> find_on_faults(const TaskConfig& task,
                                    const std::vector<ProcessIndex>& placed) {
  std::vector<OnFault> faults;
  if (placed.empty()) return faults;
  const ByName names = names_of(task);
  const Rings rings(task, names, placed);
  for (const ProcessIndex p : placed) {
    if (auto fault = fault_of(task, names, rings, p)) {
      faults.push_back({"processes[" + std::to_string(p) + "].on", std::move(*fault)});
    }
  }
  return faults;
}

}  // namespace thermos
