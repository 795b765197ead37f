#include "core/compose.h"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>

namespace thermos {
namespace {

// Neither overflows nor goes below zero.
std::int64_t added(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

// Looks for equals among those of one key alone: tasks may have thousands of processes.
template <typename T, typename KeyOf>
class Distinct {
 public:
  explicit Distinct(KeyOf key_of) : key_of_(std::move(key_of)) {}

  void add(const T& item) {
    std::vector<std::size_t>& alike = by_key_[key_of_(item)];
    const bool known =
        std::any_of(alike.begin(), alike.end(), [&](std::size_t i) { return items_[i] == item; });
    if (known) return;
    alike.push_back(items_.size());
    items_.push_back(item);
  }
  std::vector<T> take() { return std::move(items_); }

 private:
  KeyOf key_of_;
  std::vector<T> items_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_key_;
};

std::string key_of(const Constraint& constraint) {
  std::string key;
  for (const std::string& name : constraint.order) key.append(name).append(1, '\0');
  return key;
}

// What combine and concat have in common.
TaskConfig merged(std::span<const TaskConfig> tasks) {
  if (tasks.empty()) return {};
  Distinct<ProcessConfig, std::string (*)(const ProcessConfig&)> processes(
      [](const ProcessConfig& process) { return process.name; });
  Distinct<Constraint, std::string (*)(const Constraint&)> constraints(key_of);
  for (const TaskConfig& task : tasks) {
    for (const ProcessConfig& process : task.processes) processes.add(process);
    for (const Constraint& constraint : task.constraints) constraints.add(constraint);
  }
  TaskConfig all = tasks.back();
  all.processes = processes.take();
  all.constraints = constraints.take();
  return all;
}

std::string options_text(std::span<const CommandOption> options, std::string_view long_dash) {
  std::string text;
  for (const CommandOption& option : options) {
    if (!text.empty()) text += ' ';
    text.append(option.name.size() == 1 ? "-" : long_dash).append(option.name);
    if (!option.value.empty()) text.append(" ").append(option.value);
  }
  return text;
}

}  // namespace

Constraint order(std::vector<std::string> names) {
  return {std::move(names)};
}

Constraint order(std::span<const ProcessConfig> processes) {
  Constraint constraint;
  constraint.order.reserve(processes.size());
  for (const ProcessConfig& process : processes) constraint.order.push_back(process.name);
  return constraint;
}

Resources sum_resources(std::span<const TaskConfig> tasks) {
  Resources sum;
  for (const TaskConfig& task : tasks) {
    const Resources one = task.resources.value_or(Resources());
    sum = {sum.cpu + one.cpu, added(sum.ram, one.ram), added(sum.disk, one.disk)};
  }
  return sum;
}

Resources largest_resources(std::span<const TaskConfig> tasks) {
  Resources most;
  for (const TaskConfig& task : tasks) {
    const Resources one = task.resources.value_or(Resources());
    most = {std::max(most.cpu, one.cpu), std::max(most.ram, one.ram),
            std::max(most.disk, one.disk)};
  }
  return most;
}

TaskConfig combine_tasks(std::span<const TaskConfig> tasks) {
  TaskConfig all = merged(tasks);
  if (!tasks.empty()) all.resources = sum_resources(tasks);
  return all;
}

TaskConfig concat_tasks(std::span<const TaskConfig> tasks) {
  TaskConfig all = merged(tasks);
  if (tasks.empty()) return all;
  all.resources = largest_resources(tasks);
  for (std::size_t i = 0; i + 1 < tasks.size(); ++i) {
    for (const ProcessConfig& before : tasks[i].processes) {
      for (const ProcessConfig& after : tasks[i + 1].processes) {
        if (before != after) all.constraints.push_back(order({before.name, after.name}));
      }
    }
  }
  return all;
}

TaskConfig simple_task(std::string_view name, std::string_view cmdline) {
  TaskConfig task;
  task.name = name;
  task.processes.emplace_back();
  task.processes.front().name = name;
  task.processes.front().cmdline = cmdline;
  task.resources = Resources{1.0, kGiB, kGiB};
  return task;
}

Result<TaskConfig> sequential_task(TaskConfig task) {
  if (!task.constraints.empty()) {
    return Error{ErrorCode::BadConfig,
                 "constraints: a sequential task has none of its own: its processes run as they "
                 "stand"};
  }
  if (!task.processes.empty()) task.constraints.push_back(order(task.processes));
  return task;
}

std::string java_options(std::span<const CommandOption> options) {
  return options_text(options, "-");
}

std::string python_options(std::span<const CommandOption> options) {
  return options_text(options, "--");
}

}  // namespace thermos
