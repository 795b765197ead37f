#include "reactor/commands/several_roots.h"

#include <optional>

#include "reactor/store/task_list.h"

namespace thermos {

Result<Paths> root_of_task(const CommonOptions& common, const std::string& word) {
  if (common.other_roots.empty()) return common.paths();
  std::optional<Paths> found;
  for (const Paths& paths : common.all_paths()) {
    const Result<std::vector<TaskEntry>> tasks = list_tasks(paths);
    if (!tasks) return tasks.error();
    const Result<TaskEntry> one = select_one(*tasks, word);
    if (!one && one.error().code == ErrorCode::NotFound) continue;
    if (!one) return one.error();
    if (found && found->root() != paths.root()) {
      return Error{ErrorCode::Usage, "'" + word + "' means a task of " + found->root() +
                                         " and one of " + paths.root() + ": name one --root"};
    }
    found = paths;
  }
  return found ? *found : common.paths();
}

}  // namespace thermos
