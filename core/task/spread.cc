#include "core/task/spread.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/task/on.h"

namespace thermos {
namespace {

std::string name_on(const std::string& process, const std::string& node) {
  return process + "@" + node;
}

using Names = std::set<std::string>;

void spread_needs(ProcessConfig& process, const Names& spread,
                  const std::vector<std::string>& nodes) {
  Named<Condition> needs;
  for (auto& [name, condition] : process.needs.entries) {
    if (!spread.contains(name)) {
      needs.entries.emplace_back(std::move(name), condition);
      continue;
    }
    for (const std::string& node : nodes)
      needs.entries.emplace_back(name_on(name, node), condition);
  }
  process.needs = std::move(needs);
}

// Every pair of neighbours, as one order may name several processes that are spread.
void spread_order(const Constraint& constraint, const Names& spread,
                  const std::vector<std::string>& nodes, std::vector<Constraint>& out) {
  const auto all = [&](const std::string& name) {
    std::vector<std::string> names;
    if (!spread.contains(name)) return std::vector<std::string>{name};
    names.reserve(nodes.size());
    for (const std::string& node : nodes) names.push_back(name_on(name, node));
    return names;
  };
  for (std::size_t i = 0; i + 1 < constraint.order.size(); ++i) {
    for (const std::string& before : all(constraint.order[i])) {
      for (const std::string& after : all(constraint.order[i + 1])) {
        out.push_back({{before, after}});
      }
    }
  }
}

}  // namespace

bool spread_over(TaskConfig& task, const std::vector<std::string>& nodes) {
  Names spread;
  bool cleared = false;
  for (ProcessConfig& process : task.processes) {
    if (on_of(process.on).rule != On::Rule::Each) continue;
    if (nodes.empty()) {
      process.on.clear();
      cleared = true;
    } else {
      spread.insert(process.name);
    }
  }
  if (spread.empty()) return cleared;
  std::vector<ProcessConfig> processes;
  processes.reserve(task.processes.size() + spread.size() * (nodes.size() - 1));
  for (ProcessConfig& process : task.processes) {
    spread_needs(process, spread, nodes);
    if (!spread.contains(process.name)) {
      processes.push_back(std::move(process));
      continue;
    }
    for (const std::string& node : nodes) {
      ProcessConfig& one = processes.emplace_back(process);
      one.name = name_on(process.name, node);
      one.on = node;
    }
  }
  task.processes = std::move(processes);
  std::vector<Constraint> constraints;
  for (Constraint& constraint : task.constraints) {
    const bool touched = std::any_of(constraint.order.begin(), constraint.order.end(),
                                     [&](const auto& name) { return spread.contains(name); });
    if (touched) {
      spread_order(constraint, spread, nodes, constraints);
    } else {
      constraints.push_back(std::move(constraint));
    }
  }
  task.constraints = std::move(constraints);
  return true;
}

}  // namespace thermos
