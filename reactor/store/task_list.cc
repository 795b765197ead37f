#include "reactor/store/task_list.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/utf8.h"

namespace thermos {
namespace {

Status list_directory(const std::string& directory, std::vector<std::string>& ids) {
  std::error_code failure;
  std::filesystem::directory_iterator it(directory, failure);
  const std::filesystem::directory_iterator end;
  while (!failure && it != end) {
    std::string name = it->path().filename().string();
    // Temporary files start with a dot, which no task's id does.
    if (may_be_task(name)) ids.push_back(std::move(name));
    it.increment(failure);
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    const bool denied = failure == std::errc::permission_denied;
    return Error{
        denied ? ErrorCode::NotPermitted : ErrorCode::System,
        directory + ": " + failure.message() +
            (denied ? "; a daemon that leads tasks here shows you yours: --socket FILE" : "")};
  }
  std::sort(ids.begin(), ids.end());
  return Done{};
}

// A pattern that is compiled once, because it may be matched against many ids.
class Pattern {
 public:
  static Result<Pattern> compile(const std::vector<TaskEntry>& tasks, const std::string& text) {
    Pattern pattern;
    const bool exact = std::any_of(tasks.begin(), tasks.end(),
                                   [&](const TaskEntry& task) { return task.id == text; });
    if (exact) {
      pattern.id_ = text;
      return pattern;
    }
    try {
      pattern.regex_ = std::regex(text);
    } catch (const std::regex_error& error) {
      return Error{ErrorCode::Usage, "'" + text + "' is not a regular expression: " + error.what()};
    }
    return pattern;
  }

  bool matches(const std::string& id) const {
    if (!id_.empty()) return id == id_;
    return std::regex_search(id, regex_, std::regex_constants::match_continuous);
  }

 private:
  std::string id_;
  std::regex regex_;
};

}  // namespace

Result<std::vector<TaskEntry>> list_tasks(const Paths& paths) {
  std::vector<std::string> active;
  std::vector<std::string> finished;
  // Active tasks are listed first, so that a task that moves between the two listings is seen
  // twice, and not never.
  if (Status read = list_directory(paths.active_dir(), active); !read) return read.error();
  if (Status read = list_directory(paths.finished_dir(), finished); !read) return read.error();

  std::vector<TaskEntry> tasks;
  tasks.reserve(active.size() + finished.size());
  for (const std::string& id : active) tasks.push_back({id, TaskDirectory::Active});
  for (std::string& id : finished) {
    if (std::binary_search(active.begin(), active.end(), id)) continue;
    tasks.push_back({std::move(id), TaskDirectory::Finished});
  }
  return tasks;
}

Result<std::vector<TaskEntry>> select_tasks(const std::vector<TaskEntry>& tasks,
                                            const std::vector<std::string>& patterns) {
  if (patterns.empty()) return tasks;
  std::vector<Pattern> compiled;
  for (const std::string& text : patterns) {
    Result<Pattern> pattern = Pattern::compile(tasks, text);
    if (!pattern) return pattern.error();
    compiled.push_back(std::move(*pattern));
  }
  std::vector<TaskEntry> meant;
  for (const TaskEntry& task : tasks) {
    const bool matched = std::any_of(compiled.begin(), compiled.end(), [&](const Pattern& pattern) {
      return pattern.matches(task.id);
    });
    if (matched) meant.push_back(task);
  }
  return meant;
}

Result<TaskPatterns> TaskPatterns::compile(const std::vector<std::string>& patterns,
                                           const std::function<bool(const std::string&)>& is_task,
                                           std::string_view what) {
  if (patterns.size() > kMostPatterns) {
    return Error{ErrorCode::Usage, "more than " + std::to_string(kMostPatterns) + " patterns"};
  }
  TaskPatterns compiled;
  std::size_t bytes = 0;
  for (const std::string& text : patterns) {
    if (is_task(text)) {
      compiled.ids_.insert(text);
      continue;
    }
    // A count in braces multiplies the size of the expression before it.
    if (text.size() > kLongestPattern || text.find('{') != std::string::npos) {
      return Error{ErrorCode::Usage, "'" + text.substr(0, utf8_boundary(text, kLongestPattern)) +
                                         "' is no " + std::string(what) +
                                         ", and as a pattern too long or with a count in {}"};
    }
    if (text.find_first_of("^$\\.*+?()[]{}|") == std::string::npos) {
      compiled.beginnings_.push_back(text);
      continue;
    }
    bytes += text.size();
    if (bytes > kMostBytes) {
      return Error{ErrorCode::Usage,
                   "patterns of more than " + std::to_string(kMostBytes) + " bytes in all"};
    }
    try {
      // Matched without backtracking, with which "(a*)*b" takes exponential time.
      compiled.regexes_.emplace_back(text,
                                     std::regex::ECMAScript | std::regex_constants::__polynomial);
    } catch (const std::regex_error& error) {
      return Error{ErrorCode::Usage, "'" + text + "' is not a regular expression: " + error.what()};
    }
  }
  return compiled;
}

bool TaskPatterns::match(const std::string& id) const {
  if (ids_.empty() && beginnings_.empty() && regexes_.empty()) return true;
  if (ids_.contains(id)) return true;
  for (const std::string& beginning : beginnings_) {
    if (id.starts_with(beginning)) return true;
  }
  return std::any_of(regexes_.begin(), regexes_.end(), [&](const std::regex& regex) {
    return std::regex_search(id, regex, std::regex_constants::match_continuous);
  });
}

Result<TaskEntry> select_one(const std::vector<TaskEntry>& tasks, const std::string& pattern) {
  Result<std::vector<TaskEntry>> meant = select_tasks(tasks, {pattern});
  if (!meant) return meant.error();
  if (meant->empty()) {
    return Error{ErrorCode::NotFound, "no task matches '" + pattern + "'"};
  }
  if (meant->size() > 1) {
    return Error{ErrorCode::Usage, "'" + pattern + "' means " + std::to_string(meant->size()) +
                                       " tasks, " + meant->front().id + " and " + meant->back().id +
                                       " among them: name one"};
  }
  return meant->front();
}

}  // namespace thermos
