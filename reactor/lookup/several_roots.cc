#include "reactor/lookup/several_roots.h"

#include <optional>
#include <set>

namespace thermos {

Result<std::vector<RootTask>> tasks_under(const std::vector<Paths>& roots) {
  std::vector<RootTask> all;
  for (const Paths& paths : roots) {
    const Result<std::vector<TaskEntry>> some = list_tasks(paths);
    if (!some) return some.error();
    for (const TaskEntry& entry : *some) all.push_back({paths, entry});
  }
  return all;
}

std::vector<TaskEntry> entries_of(const std::vector<RootTask>& tasks) {
  std::vector<TaskEntry> entries;
  entries.reserve(tasks.size());
  for (const RootTask& task : tasks) entries.push_back(task.entry);
  return entries;
}

Result<std::vector<RootTask>> select_root_tasks(const std::vector<RootTask>& tasks,
                                                const std::vector<std::string>& patterns) {
  const Result<std::vector<TaskEntry>> meant = select_tasks(entries_of(tasks), patterns);
  if (!meant) return meant.error();
  std::set<std::string> ids;
  for (const TaskEntry& entry : *meant) ids.insert(entry.id);
  std::vector<RootTask> chosen;
  for (const RootTask& task : tasks) {
    if (ids.contains(task.entry.id)) chosen.push_back(task);
  }
  return chosen;
}

Result<Paths> root_of_task(const CommonOptions& common, const std::string& word) {
  if (common.other_roots.empty()) return common.paths();
  const Result<std::vector<RootTask>> all = tasks_under(common.all_paths());
  if (!all) return all.error();
  const Result<std::vector<RootTask>> meant = select_root_tasks(*all, {word});
  if (!meant) return meant.error();
  std::optional<Paths> found;
  for (const RootTask& task : *meant) {
    if (found && found->root() != task.paths.root()) {
      return Error{ErrorCode::Usage, "'" + word + "' means a task of " + found->root() +
                                         " and one of " + task.paths.root() + ": name one --root"};
    }
    found = task.paths;
  }
  return found ? *found : common.paths();
}

}  // namespace thermos
