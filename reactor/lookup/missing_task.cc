#include "reactor/lookup/missing_task.h"

#include <regex>

#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

// Returns "did you mean" with the most similar id, or the most similar name in an id that was
// generated from a name and a time.
std::string nearest(const std::string& word, const std::vector<TaskEntry>& tasks) {
  static const std::regex kTime("-[0-9]{8}-[0-9]{6}\\.[0-9]{6}$");
  std::vector<std::string> names;
  for (const TaskEntry& task : tasks) {
    std::smatch time;
    if (std::regex_search(task.id, time, kTime)) names.push_back(time.prefix());
    names.push_back(task.id);
  }
  return did_you_mean(word, names);
}

}  // namespace

std::string under(const std::vector<Paths>& roots) {
  std::string text;
  for (const Paths& paths : roots) text += (text.empty() ? " under " : ", ") + paths.root();
  return text;
}

Error missing_task(const std::string& word, const std::vector<TaskEntry>& tasks,
                   std::string_view place) {
  return {ErrorCode::NotFound,
          "no task matches '" + word + "'" + std::string(place) + nearest(word, tasks)};
}

Error missing_active_task(const std::string& word, const std::vector<TaskEntry>& tasks,
                          std::string_view place) {
  const Result<std::vector<TaskEntry>> ended = select_tasks(tasks, {word});
  if (!ended) return ended.error();
  if (ended->empty()) {
    return {ErrorCode::NotFound, "no such task: no active one matches '" + word + "'" +
                                     std::string(place) + nearest(word, active_of(tasks))};
  }
  if (ended->size() == 1) {
    return {ErrorCode::NotFound, "task " + ended->front().id + " has ended"};
  }
  return {ErrorCode::NotFound, "no active task matches '" + word +
                                   "': " + std::to_string(ended->size()) + " that have ended do, " +
                                   ended->front().id + " and " + ended->back().id + " among them"};
}

Result<TaskEntry> one_task(const std::vector<TaskEntry>& tasks, const std::string& word,
                           std::string_view place) {
  Result<TaskEntry> one = select_one(tasks, word);
  if (one || one.error().code != ErrorCode::NotFound) return one;
  return missing_task(word, tasks, place);
}

Status check_patterns(const std::vector<TaskEntry>& tasks, const std::vector<std::string>& patterns,
                      std::string_view place) {
  for (const std::string& pattern : patterns) {
    const Result<std::vector<TaskEntry>> meant = select_tasks(tasks, {pattern});
    if (!meant) return meant.error();
    if (meant->empty()) return missing_task(pattern, tasks, place);
  }
  return Done{};
}

std::vector<TaskEntry> active_of(std::vector<TaskEntry> tasks) {
  std::erase_if(tasks,
                [](const TaskEntry& task) { return task.directory != TaskDirectory::Active; });
  return tasks;
}

}  // namespace thermos
