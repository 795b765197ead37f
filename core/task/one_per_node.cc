#include "core/task/one_per_node.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/task/node_choice.h"

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

std::string at_node(std::string path, std::string_view node) {
  for (std::size_t at = 0; (at = path.find(kNodeInPath, at)) != std::string::npos;) {
    path.replace(at, kNodeInPath.size(), node);
    at += node.size();
  }
  return path;
}

bool is_spread(const std::string& path) {
  return path.find(kNodeInPath) != std::string::npos;
}

bool has_spread(const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(),
                     [](const std::string& path) { return is_spread(path); });
}

// Returns whether anything has changed.
bool spread_files(std::vector<std::string>& paths, const std::vector<std::string>& nodes) {
  if (!has_spread(paths)) return false;
  std::vector<std::string> spread;
  for (std::string& path : paths) {
    if (!is_spread(path)) {
      spread.push_back(std::move(path));
      continue;
    }
    for (const std::string& node : nodes) spread.push_back(at_node(path, node));
  }
  paths = std::move(spread);
  return true;
}

// Makes one order of two for every pair of neighbours, because one order may name several spread
// processes.
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

bool is_spread(const TaskConfig& task) {
  return std::any_of(task.processes.begin(), task.processes.end(), [](const ProcessConfig& one) {
    return on_of(one.on).rule == On::Rule::Each || has_spread(one.needs_files) ||
           has_spread(one.makes_files);
  });
}

bool spread_over(TaskConfig& task, const std::vector<std::string>& nodes) {
  const std::vector<std::string> here = {"here"};
  Names spread;
  bool changed = false;
  for (ProcessConfig& process : task.processes) {
    const bool each = on_of(process.on).rule == On::Rule::Each;
    if (each && !nodes.empty()) {
      spread.insert(process.name);
      continue;
    }
    if (each) process.on.clear();
    changed |= each;
    for (std::vector<std::string>* files : {&process.needs_files, &process.makes_files}) {
      changed |= spread_files(*files, nodes.empty() ? here : nodes);
    }
  }
  if (spread.empty()) return changed;
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
      spread_files(one.needs_files, {node});
      spread_files(one.makes_files, {node});
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
