// The tasks of one root that `thermos gc` removes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/retention.h"
#include "core/record/state.h"

namespace thermos {

// A task that goes, or would.
struct CollectedTask {
  std::string id;
  std::optional<TaskState> state;  // nothing: what is left over of a task
  Microseconds ended = 0;          // wall time; of a task alone
  std::uint64_t bytes = 0;
  Retention rule = Retention::Kept;  // that it goes by; of a task alone
};

// A task that a rule says goes, or that is left over, and that is there still.
struct LeftTask {
  std::string id;
  Error why;  // Busy: it is in use
};

struct Collection {
  std::vector<CollectedTask> removed;
  std::vector<LeftTask> left;
  std::size_t active = 0;
  std::size_t kept = 0;   // tasks that have ended, by the rules
  std::size_t young = 0;  // those of them that go when they are an hour old
};

// The ids that a command's words mean, chosen once among all that it deals with: a word that is an
// id in one place must not be taken for a pattern in another.
struct MeantIds {
  std::optional<std::set<std::string>> ids;  // nothing: all
  std::set<std::string> by_name;             // those of them that a word is

  bool contains(const std::string& id) const { return !ids || ids->contains(id); }
};

// Removes the tasks under a root that have ended, are `meant` and go by the rules, and whatever is
// left over there of tasks that were removed; where that is damaged, only `by_name`. With `dry_run`
// removes nothing. A task that can't be removed is one of `left`. Fails as list_tasks() and
// owner_of_root() do.
Result<Collection> collect_tasks(const Paths& paths, const MeantIds& meant,
                                 const RetentionRules& rules, Microseconds now, bool dry_run);

}  // namespace thermos
