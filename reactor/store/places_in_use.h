// The directories that tasks use, so that the removal of one task takes nothing from another.
#pragma once

#include <ctime>
#include <optional>
#include <set>
#include <string>

#include "core/record/paths.h"
#include "core/record/record.h"

namespace thermos {

class PlacesInUse {
 public:
  void add(const std::string& directory) { places_.insert(directory); }
  void add(const RunnerHeader& header);
  // Adds those of the tasks that have become active under the root since the last call. Cheap if
  // none has.
  void add_active(const Paths& paths);
  // Whether a task's sandbox or log directory is `directory`, or lies in it.
  bool uses(const std::string& directory) const;

 private:
  std::set<std::string> places_;
  std::set<std::string> active_;  // tasks whose places are known
  timespec changed_{};            // the directory of the active tasks, when it was read
};

// The first record of a task's stream; nothing if it can't be read.
std::optional<RunnerHeader> read_header(const Paths& paths, const std::string& task_id);

// The places of all tasks that have a file under the root, but for `task_id`.
PlacesInUse places_of_others(const Paths& paths, const std::string& task_id);

}  // namespace thermos
