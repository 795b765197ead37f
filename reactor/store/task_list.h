// Which tasks there are under a root, and which of them a command means. Reads names only.
#pragma once

#include <cstdint>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"

namespace thermos {

enum class TaskDirectory : std::uint8_t { Active, Finished };

struct TaskEntry {
  std::string id;
  TaskDirectory directory = TaskDirectory::Active;
};

// Every task of `root`, active ones first, by id. An id on both directories (its runner died in the
// middle of the move) counts as active. A root that isn't there holds no tasks.
Result<std::vector<TaskEntry>> list_tasks(const Paths& paths);

// Those that the patterns mean; all when there are none. A pattern that is some task's id means
// that task alone; otherwise it is a regular expression (ECMAScript) that matches from the start of
// an id. Usage for one that is malformed.
Result<std::vector<TaskEntry>> select_tasks(const std::vector<TaskEntry>& tasks,
                                            const std::vector<std::string>& patterns);

// Patterns compiled once, to be asked of many ids. What strangers send is bounded: kMostPatterns of
// kLongestPattern bytes, kMostBytes in all where they are more than the beginning of an id, and
// none that takes more than time linear in what it is asked of.
class TaskPatterns {
 public:
  static constexpr std::size_t kMostPatterns = 100;
  static constexpr std::size_t kLongestPattern = 256;
  static constexpr std::size_t kMostBytes = 4096;

  // `is_task`: whether an id is that of some task. Usage for a pattern that can't be.
  static Result<TaskPatterns> compile(const std::vector<std::string>& patterns,
                                      const std::function<bool(const std::string&)>& is_task);
  // No patterns match all.
  bool match(const std::string& id) const;

 private:
  std::set<std::string, std::less<>> ids_;
  std::vector<std::string> beginnings_;  // patterns in which every character means itself
  std::vector<std::regex> regexes_;
};

// The one task that `pattern` means. NotFound for none, Usage for several.
Result<TaskEntry> select_one(const std::vector<TaskEntry>& tasks, const std::string& pattern);

}  // namespace thermos
