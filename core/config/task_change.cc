#include "core/config/task_change.h"

#include <string_view>
#include <unordered_map>

#include "core/config/difference.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

bool same_definition(const ProcessConfig& one, const ProcessConfig& other) {
  return one == other || first_difference(fields::view_of(one), fields::view_of(other)).empty();
}

// Returns the part of a task that belongs to the definition of each process.
TaskConfig common_part(const TaskConfig& task) {
  TaskConfig part;
  part.user = task.user;
  part.env = task.env;
  part.cwd = task.cwd;
  part.secret = task.secret;
  return part;
}

}  // namespace

TaskChange change_of(const TaskConfig& before, const TaskConfig& after) {
  const bool same_common =
      first_difference(fields::view_of(common_part(before)), fields::view_of(common_part(after)))
          .empty();
  std::unordered_map<std::string_view, const ProcessConfig*> old;
  for (const ProcessConfig& process : before.processes) old.emplace(process.name, &process);
  TaskChange change;
  for (const ProcessConfig& process : after.processes) {
    const auto known = old.find(process.name);
    if (known == old.end()) {
      change.added.push_back(process.name);
      continue;
    }
    if (!same_common || !same_definition(*known->second, process)) {
      change.changed.push_back(process.name);
    }
    old.erase(known);
  }
  for (const ProcessConfig& process : before.processes) {
    if (old.count(process.name) != 0) change.removed.push_back(process.name);
  }
  return change;
}

}  // namespace thermos::config
