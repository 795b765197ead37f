// The directories that tasks use, and the tasks whose output they name, so that the removal of one
// task takes nothing from another.
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

// Every task with a file under the root counts, also one that is about to be removed: it may stay,
// and if it goes, it takes along what no other task uses then.
class PlacesInUse {
 public:
  explicit PlacesInUse(const Paths& paths) : paths_(paths) {}

  // Tells the header of an active task whose stream may not be there yet. Set by who leads some.
  std::function<std::optional<RunnerHeader>(const std::string& id)> ask_header;

  void add(const std::string& directory) { ++places_[directory]; }
  // Adds what is on record of a task, instead of what was known of it. Without a history, what its
  // stream says, if it can be read.
  // Returns whether anything is known then.
  bool add(const std::string& id, const History* history);
  // The task has no file any more.
  void forget(const std::string& id);
  bool knows(const std::string& id) const { return tasks_.contains(id); }
  // Adds the tasks that have come since the last call. Cheap if none has.
  void refresh();
  // Whether a task's sandbox or log directory is `directory`, or lies in it. A task's own sandbox
  // and log directory under the root count only where another one uses them.
  bool uses(const std::string& directory) const;
  // Of all these tasks.
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
  std::map<std::string, std::size_t> places_;  // how many use it
  Takers takers_;
  std::set<std::string> unread_;  // active ones without a header yet
  timespec changed_{};            // the directory of the active tasks, when it was read
};

// The first record of a task's stream; nothing if it can't be read.
std::optional<RunnerHeader> read_header(const Paths& paths, const std::string& task_id);

}  // namespace thermos
