// The directories that tasks use, so that the removal of one task takes nothing from another.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/record/paths.h"
#include "core/record/record.h"

namespace thermos {

class PlacesInUse {
 public:
  void add(const RunnerHeader& header);
  // Whether a task's sandbox or log directory is `directory`, or lies in it.
  bool uses(const std::string& directory) const;

 private:
  std::set<std::string> places_;
};

// The first record of a task's stream; nothing if it can't be read.
std::optional<RunnerHeader> read_header(const Paths& paths, const std::string& task_id);

// The places of all tasks that have a file under the root, but for `task_id`.
PlacesInUse places_of_others(const Paths& paths, const std::string& task_id);

}  // namespace thermos
