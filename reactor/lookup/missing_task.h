// The errors for a word that matches no task, or no active one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

// The place in "no task matches 'WORD' among yours": the tasks that the daemon shows to the caller.
constexpr std::string_view kAmongYours = " among yours";
// Returns the place for roots: " under ROOT, ROOT".
std::string under(const std::vector<Paths>& roots);

// Returns NotFound, with the most similar name of a task. `tasks` are all tasks there.
Error missing_task(const std::string& word, const std::vector<TaskEntry>& tasks,
                   std::string_view place);
// Returns the error for a word that matches no active task: its tasks have ended, or there are
// none.
Error missing_active_task(const std::string& word, const std::vector<TaskEntry>& tasks,
                          std::string_view place);

// Returns the one of `tasks`, which are all tasks there, that `word` matches. Fails as select_one()
// does.
Result<TaskEntry> one_task(const std::vector<TaskEntry>& tasks, const std::string& word,
                           std::string_view place);
// Fails with NotFound for the first pattern that matches none of `tasks`, and with Usage for a
// malformed one.
Status check_patterns(const std::vector<TaskEntry>& tasks, const std::vector<std::string>& patterns,
                      std::string_view place);

// Returns the active ones of `tasks`.
std::vector<TaskEntry> active_of(std::vector<TaskEntry> tasks);

}  // namespace thermos
