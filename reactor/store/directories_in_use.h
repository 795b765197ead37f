// The sandboxes and log directories that tasks use, and the tasks whose output they took over, so
// that the removal of one task deletes nothing that another task needs.
#pragma once

#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "core/record/retention.h"

namespace thermos {

// Every task with a file under the root counts, even a task that is about to be removed. That task
// may stay after all, and if it is removed, the directories that no other task uses are removed
// with it.
class PlacesInUse {
 public:
  explicit PlacesInUse(const Paths& paths) : paths_(paths) {}

  // Returns the header of an active task whose stream may not exist yet. Set by a program that
  // leads tasks.
  std::function<std::optional<RunnerHeader>(const std::string& id)> ask_header;

  void add(const std::string& directory) { ++places_[directory]; }
  // Adds the task `id` with what its history says, and replaces what was known of it. If `history`
  // is null, reads the task's stream instead, if it can be read. Returns whether the task's header
  // is known.
  bool add(const std::string& id, const History* history);
  // Removes a task that no longer has a file.
  void forget(const std::string& id);
  bool knows(const std::string& id) const { return tasks_.contains(id); }
  // Adds the tasks that were created since the last call. Cheap if there are none.
  void refresh();
  // Returns whether a task's sandbox or log directory is `directory` or lies in it. A task's use of
  // its own default sandbox and log directory under the root does not count.
  bool uses(const std::string& directory) const;
  // The tasks that took over from others, among all tasks added.
  const Takers& takers() const { return takers_; }

 private:
  struct Task {
    std::vector<std::string> places;
    std::vector<std::string> from;  // the tasks that it took over from
    bool active = false;
  };

  bool add_active(const std::string& id);
  void put(const std::string& id, const RunnerHeader* header, std::vector<std::string> from);

  const Paths& paths_;
  std::map<std::string, Task> tasks_;
  std::map<std::string, std::size_t> places_;  // the number of tasks that use each directory
  Takers takers_;
  std::set<std::string> unread_;  // active tasks whose header is not known yet
  timespec changed_{};            // mtime of tasks/active when it was last read; 0: read it again
};

// Returns the header of a task, the first record of its stream; nothing if it can't be read.
std::optional<RunnerHeader> read_header(const Paths& paths, const std::string& task_id);

}  // namespace thermos
