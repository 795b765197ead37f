// Lists the tasks under a root and selects those that a command names. Reads only directory
// entries.
#pragma once

#include <cstdint>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"

namespace thermos {

enum class TaskDirectory : std::uint8_t { Active, Finished };

struct TaskEntry {
  std::string id;
  TaskDirectory directory = TaskDirectory::Active;
};

// Returns all tasks of the root, active ones first, each group sorted by id. An id in both
// directories (a move happened during the listing) counts as active. A root that doesn't exist
// holds no tasks. Fails with NotPermitted or System.
Result<std::vector<TaskEntry>> list_tasks(const Paths& paths);

// Returns the tasks that match one of the patterns; all tasks if there are no patterns. A pattern
// that is a task's id matches that task alone; any other is a regular expression (ECMAScript) that
// matches from the start of an id. Fails with Usage for a malformed pattern.
Result<std::vector<TaskEntry>> select_tasks(const std::vector<TaskEntry>& tasks,
                                            const std::vector<std::string>& patterns);

// Patterns compiled once and matched against many ids, or the names of processes. They may come
// from other users, so they are bounded: at most kMostPatterns; a pattern that is not a task's id
// has at most kLongestPattern bytes and no count in {}; all regular expressions together have at
// most kMostBytes; and they are matched without backtracking.
class TaskPatterns {
 public:
  static constexpr std::size_t kMostPatterns = 100;
  static constexpr std::size_t kLongestPattern = 256;
  static constexpr std::size_t kMostBytes = 4096;

  // `is_task` returns whether a text is the id of a task. `what` is the word for such an id in
  // errors. Fails with Usage for a pattern that is malformed or exceeds a limit.
  static Result<TaskPatterns> compile(const std::vector<std::string>& patterns,
                                      const std::function<bool(const std::string&)>& is_task,
                                      std::string_view what = "task's id");
  // Returns whether one of the patterns matches `id`. Without patterns every id matches.
  bool match(const std::string& id) const;

 private:
  std::set<std::string, std::less<>> ids_;
  std::vector<std::string> beginnings_;  // patterns without special characters: prefixes of ids
  std::vector<std::regex> regexes_;
};

// Returns the one task that `pattern` matches. Fails with NotFound if it matches none, with Usage
// if it matches several.
Result<TaskEntry> select_one(const std::vector<TaskEntry>& tasks, const std::string& pattern);

}  // namespace thermos
