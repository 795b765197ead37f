// What is said of a word that means no task, or none that is active.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Where tasks are looked for, at the end of "no task matches 'WORD'": those that the daemon shows.
constexpr std::string_view kAmongYours = " among yours";
// The same for roots: " under ROOT, ROOT".
std::string under(const std::vector<Paths>& roots);

// NotFound, with the name of the task that is near. `tasks` are all that there are.
Error missing_task(const std::string& word, const std::vector<TaskEntry>& tasks,
                   std::string_view place);
// The same where only active tasks are meant: those that `word` means have ended, or there are
// none.
Error missing_active_task(const std::string& word, const std::vector<TaskEntry>& tasks,
                          std::string_view place);

// The one of `tasks`, which are all that there are, that `word` means. Fails as select_one() does.
Result<TaskEntry> one_task(const std::vector<TaskEntry>& tasks, const std::string& word,
                           std::string_view place);
// Fails with NotFound for the first pattern that means none of them.
Status check_patterns(const std::vector<TaskEntry>& tasks, const std::vector<std::string>& patterns,
                      std::string_view place);

// Those of `tasks` that are active.
std::vector<TaskEntry> active_of(std::vector<TaskEntry> tasks);

}  // namespace thermos
