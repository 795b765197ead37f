#include "core/task/check_on.h"

#include <map>
#include <optional>
#include <string_view>

#include "core/base/text.h"
#include "core/task/check_name.h"
#include "core/task/on.h"

namespace thermos {
namespace {

using ByName = std::map<std::string_view, ProcessIndex>;

ByName names_of(const TaskConfig& task) {
  ByName names;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) names.emplace(task.processes[p].name, p);
  return names;
}

// Whether one comes back to `start`, going from each process to the one where it is to be.
bool is_ring(const TaskConfig& task, const ByName& names, ProcessIndex start, std::size_t most) {
  ProcessIndex p = start;
  for (std::size_t steps = 0; steps < most; ++steps) {
    const On on = on_of(task.processes[p].on);
    const auto next = names.find(on.name);
    if (on.rule != On::Rule::SameAs || next == names.end()) return false;
    p = next->second;
    if (p == start) return true;
  }
  return false;
}

std::optional<std::string> fault_of(const TaskConfig& task, const ByName& names, ProcessIndex p,
                                    std::size_t most) {
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
  if (is_ring(task, names, p, most)) return "comes back to the process itself";
  return std::nullopt;
}

}  // namespace

std::vector<OnFault> find_on_faults(const TaskConfig& task,
                                    const std::vector<ProcessIndex>& placed) {
  std::vector<OnFault> faults;
  if (placed.empty()) return faults;
  const ByName names = names_of(task);
  for (const ProcessIndex p : placed) {
    if (auto fault = fault_of(task, names, p, placed.size())) {
      faults.push_back({"processes[" + std::to_string(p) + "].on", std::move(*fault)});
    }
  }
  return faults;
}

}  // namespace thermos
