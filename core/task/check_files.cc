#include "core/task/check_files.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/task/check_name.h"
#include "core/task/on.h"

namespace thermos {
namespace {

using Complaint = std::optional<std::string>;
using Makers = std::unordered_map<std::string_view, ProcessIndex>;

constexpr std::size_t kMaxPath = 3000;     // below PATH_MAX, with room for the sandbox in front
constexpr std::size_t kMaxFileName = 255;  // NAME_MAX

std::string place(ProcessIndex p, std::string_view key, std::size_t i) {
  return "processes[" + std::to_string(p) + "]." + std::string(key) + "[" + std::to_string(i) + "]";
}

// Only one way to write a path: so two paths are of one file if they are the same text.
Complaint check_file_path(std::string_view path) {
  if (holds_control(path) || !is_utf8(path)) {
    return quoted(path) + ": the path of a file to carry is UTF-8 without control characters";
  }
  if (path.size() > kMaxPath) return quoted(path) + " is too long: 3000 bytes at most";
  for (std::string_view rest = path;;) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, end);
    if (name.empty() || name == "." || name == "..") {
      return quoted(path) + " is no file of the sandbox: name it from there, without '.' and '..'";
    }
    if (name.size() > kMaxFileName) return quoted(path) + " has a name of more than 255 bytes";
    if (end == rest.size()) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

Complaint check_made_path(const ProcessConfig& process, std::string_view path) {
  if (auto complaint = check_file_path(path)) return complaint;
  const bool each = on_of(process.on).rule == On::Rule::Each;
  const bool names_node = path.find(kNodeInPath) != std::string_view::npos;
  if (each && !names_node) {
    return quoted(path) + " would be made on each node: put {node} into its path";
  }
  if (!each && names_node) {
    return quoted(path) + ": {node} is for a process that has `on: each`";
  }
  return std::nullopt;
}

// The processes that may start when `maker` has succeeded, and all behind them: none of them starts
// before. What waits for its start or its end alone may.
std::set<ProcessIndex> behind_success(const Graph& graph, ProcessIndex maker) {
  std::set<ProcessIndex> found;
  std::vector<ProcessIndex> todo;
  const auto add = [&](const Graph::Nodes& nodes) {
    for (const ProcessIndex p : nodes) {
      if (found.insert(p).second) todo.push_back(p);
    }
  };
  add(graph.dependents(maker, Condition::Success));
  while (!todo.empty()) {
    const ProcessIndex p = todo.back();
    todo.pop_back();
    add(graph.dependents(p));
  }
  return found;
}

Makers makers_of(const TaskConfig& task, const std::vector<ProcessIndex>& carrying) {
  Makers makers;
  for (const ProcessIndex p : carrying) {
    for (const std::string& path : task.processes[p].makes_files) makers.emplace(path, p);
  }
  return makers;
}

}  // namespace

std::vector<FileFault> find_file_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& carrying) {
  std::vector<FileFault> faults;
  if (carrying.empty()) return faults;
  Makers makers;
  for (const ProcessIndex p : carrying) {
    const std::vector<std::string>& made = task.processes[p].makes_files;
    for (std::size_t i = 0; i < made.size(); ++i) {
      Complaint complaint = check_made_path(task.processes[p], made[i]);
      const auto [first, is_new] = makers.emplace(made[i], p);
      if (!complaint && !is_new) {
        complaint = first->second == p
                        ? quoted(made[i]) + " is given twice"
                        : quoted(made[i]) + " is made by " +
                              quoted(task.processes[first->second].name, kMaxName) + " already";
      }
      if (complaint) faults.push_back({place(p, "makes_files", i), std::move(*complaint)});
    }
  }
  for (const ProcessIndex p : carrying) {
    const std::vector<std::string>& needed = task.processes[p].needs_files;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      Complaint complaint = check_file_path(needed[i]);
      const auto maker = makers.find(needed[i]);
      if (!complaint && !seen.insert(needed[i]).second) {
        complaint = quoted(needed[i]) + " is given twice";
      } else if (!complaint && maker != makers.end() && maker->second == p) {
        complaint = quoted(needed[i]) + " is made by the process itself: what it makes isn't there";
      }
      if (complaint) faults.push_back({place(p, "needs_files", i), std::move(*complaint)});
    }
  }
  return faults;
}

std::vector<FileFault> find_file_order_faults(const TaskConfig& task, const Graph& graph,
                                              const std::vector<ProcessIndex>& carrying) {
  std::vector<FileFault> faults;
  const Makers makers = makers_of(task, carrying);
  if (makers.empty()) return faults;
  std::unordered_map<ProcessIndex, std::set<ProcessIndex>> behind;
  const auto waits = [&](ProcessIndex p, ProcessIndex maker) {
    // Finalizers run behind all others.
    if (task.processes[p].final && !task.processes[maker].final) return true;
    const Graph::Nodes direct = graph.dependents(maker, Condition::Success);
    if (std::find(direct.begin(), direct.end(), p) != direct.end()) return true;
    const auto [known, is_new] = behind.try_emplace(maker);
    if (is_new) known->second = behind_success(graph, maker);
    return known->second.contains(p);
  };
  for (const ProcessIndex p : carrying) {
    const ProcessConfig& process = task.processes[p];
    for (std::size_t i = 0; i < process.needs_files.size(); ++i) {
      const auto maker = makers.find(process.needs_files[i]);
      if (maker == makers.end() || waits(p, maker->second)) continue;
      const std::string& name = task.processes[maker->second].name;
      faults.push_back({place(p, "needs_files", i), quoted(process.needs_files[i]) +
                                                        " is made by " + quoted(name, kMaxName) +
                                                        ", and " + quoted(process.name, kMaxName) +
                                                        " does not wait for its success"});
    }
  }
  return faults;
}

}  // namespace thermos
