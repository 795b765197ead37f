// Lists and selects tasks of several roots, for commands that read files.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/cli/options.h"
#include "reactor/store/task_list.h"

namespace thermos {

struct RootTask {
  Paths paths;
  TaskEntry entry;
};

// Returns the tasks of all roots, root by root, each as list_tasks() returns them. Fails as
// list_tasks() does.
Result<std::vector<RootTask>> tasks_under(const std::vector<Paths>& roots);
std::vector<TaskEntry> entries_of(const std::vector<RootTask>& tasks);
// Returns the tasks that `patterns` match. A pattern that is a task's id in one root matches only
// tasks of that id in all roots. Fails with Usage for a malformed pattern.
Result<std::vector<RootTask>> select_root_tasks(const std::vector<RootTask>& tasks,
                                                const std::vector<std::string>& patterns);

// Returns the one of the given roots that holds the task which `word`, an id or a pattern, matches.
// Returns the last root if none holds it. Fails with Usage if several do.
Result<Paths> root_of_task(const CommonOptions& common, const std::string& word);

}  // namespace thermos
