// The tasks of several roots, for commands that read files.
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

// All of them, root by root, as list_tasks() gives them. Fails as that does.
Result<std::vector<RootTask>> tasks_under(const std::vector<Paths>& roots);
std::vector<TaskEntry> entries_of(const std::vector<RootTask>& tasks);
// Those that `patterns` mean. The id of a task in one root means no other task in another root
// either. Fails with Usage for a malformed pattern.
Result<std::vector<RootTask>> select_root_tasks(const std::vector<RootTask>& tasks,
                                                const std::vector<std::string>& patterns);

// The root, of those given, that holds the task which `word` means: its id, or a pattern. Where
// none does, the last one. Fails with Usage if several do.
Result<Paths> root_of_task(const CommonOptions& common, const std::string& word);

}  // namespace thermos
