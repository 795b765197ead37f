// Tasks put together from tasks, in code: what configuration files in Python have as order(),
// combine_tasks(), concat_tasks(), SimpleTask, SequentialTask, java_options() and python_options(),
// with the same results. Nothing here checks a task: check_task() does.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/task.h"

namespace thermos {

// The constraint that runs these one behind the other.
Constraint order(std::vector<std::string> names);
Constraint order(std::span<const ProcessConfig> processes);

// One task that runs the processes of all at once. Processes and constraints that are wholly alike
// are kept once; resources are summed, a task without any counting as zero. All else (name, limits,
// user) is the last task's. No tasks give a task without processes.
TaskConfig combine_tasks(std::span<const TaskConfig> tasks);

// The same, but every process of a task waits for every process of the one before it, and the
// resources are the largest of each kind. A process that stands in both of two neighbours, wholly
// alike, does not wait for itself. Where there are many pairs, each process of the later task has
// one constraint for each of the earlier one.
TaskConfig concat_tasks(std::span<const TaskConfig> tasks);

// One process named as the task, with 1 core, 1 GiB of memory and 1 GiB of disk.
TaskConfig simple_task(std::string_view name, std::string_view cmdline);

// The task with its processes one behind the other, as they stand. BadConfig when it has
// constraints already.
Result<TaskConfig> sequential_task(TaskConfig task);

// Sum and maximum of each kind; what is not given counts as zero.
Resources sum_resources(std::span<const TaskConfig> tasks);
Resources largest_resources(std::span<const TaskConfig> tasks);

// An option of a command line and its value; an empty one is left out.
struct CommandOption {
  std::string name;
  std::string value;
};
// "-name value" for each, joined by blanks: java's way.
std::string java_options(std::span<const CommandOption> options);
// "-n value" where the name is one letter, else "--name value".
std::string python_options(std::span<const CommandOption> options);

inline constexpr std::int64_t kKiB = 1024;
inline constexpr std::int64_t kMiB = 1024 * kKiB;
inline constexpr std::int64_t kGiB = 1024 * kMiB;
inline constexpr std::int64_t kTiB = 1024 * kGiB;

}  // namespace thermos
