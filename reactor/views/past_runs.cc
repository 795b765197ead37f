#include "reactor/views/past_runs.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "reactor/store/ancestor_stream.h"
#include "reactor/store/recorded_task.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

// read_latest_runs() reads at most this many tasks.
constexpr std::size_t kFewPastTasks = 10;
// It looks at the names of this many tasks, those whose streams were written last.
constexpr std::size_t kLookedAt = 200;

// Returns when the task's stream was last written, in nanoseconds; 0 if there is none.
std::int64_t last_written(const Paths& paths, const TaskEntry& task) {
  struct stat file {};
  if (::stat(paths.runner_stream(task.id).c_str(), &file) != 0) return 0;
  return file.st_mtim.tv_sec * 1'000'000'000LL + file.st_mtim.tv_nsec;
}

// Returns whether the task has this name. Only a generated id begins with the name, so the
// configuration is read for other ids.
bool has_name(const Paths& paths, const TaskEntry& task, const std::string& name) {
  if (task.id.starts_with(name + "-") || task.id == name) return true;
  const auto config = read_recorded_config(paths, task.id, task.directory);
  return config && config->name == name;
}

// Reads the runs of the `most` tasks whose streams were written last and for which `counts` returns
// true. Looks only at the latest `looked_at` tasks.
PastRuns latest_of(const Paths& paths, const std::vector<TaskEntry>& tasks, std::size_t most,
                   std::size_t looked_at, const std::function<bool(const TaskEntry&)>& counts) {
  std::vector<std::pair<std::int64_t, const TaskEntry*>> latest;
  latest.reserve(tasks.size());
  for (const TaskEntry& task : tasks) latest.emplace_back(last_written(paths, task), &task);
  std::sort(latest.begin(), latest.end(), std::greater<>());
  latest.resize(std::min(latest.size(), looked_at));
  std::vector<History> histories;
  for (const auto& [written, task] : latest) {
    if (histories.size() == most) break;
    if (!counts(*task)) continue;
    Result<History> history = read_recorded_task(paths, task->id);
    if (history) histories.push_back(std::move(*history));
  }
  PastRuns past;
  past.tasks = histories.size();
  for (auto it = histories.rbegin(); it != histories.rend(); ++it) past.times.add(*it);
  return past;
}

}  // namespace

Result<PastRuns> read_past_runs(const Paths& paths, const std::vector<std::string>& patterns,
                                const std::string& name) {
  Result<std::vector<TaskEntry>> tasks = list_tasks(paths);
  if (!tasks) return tasks.error();
  if (!patterns.empty()) {
    for (const std::string& pattern : patterns) {
      const auto meant = select_tasks(*tasks, {pattern});
      if (!meant) return meant.error();
      if (!meant->empty()) continue;
      return Error{ErrorCode::NotFound,
                   "--history " + pattern + ": no task matches it under " + paths.root()};
    }
    tasks = select_tasks(*tasks, patterns);
    if (!tasks) return tasks.error();
  }
  return latest_of(paths, *tasks, kMostPastTasks, tasks->size(), [&](const TaskEntry& task) {
    return !patterns.empty() || has_name(paths, task, name);
  });
}

Result<PastRuns> read_latest_runs(const Paths& paths, const std::string& name,
                                  const std::string& other_than) {
  Result<std::vector<TaskEntry>> tasks = list_tasks(paths);
  if (!tasks) return tasks.error();
  return latest_of(paths, *tasks, kFewPastTasks, kLookedAt, [&](const TaskEntry& task) {
    return task.id != other_than && has_name(paths, task, name);
  });
}

}  // namespace thermos
