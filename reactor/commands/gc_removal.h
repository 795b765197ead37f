// Removes the tasks of one root for `thermos gc`.
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

// A task, or the left-over files of one, that was removed, or would be in a dry run.
struct CollectedTask {
  std::string id;
  std::optional<TaskState> state;  // nothing: only left-over files
  Microseconds ended = 0;          // wall time; 0 for left-over files
  std::uint64_t bytes = 0;
  Retention rule = Retention::Kept;  // the rule that removes it; Kept for left-over files
};

// A task, or left-over files of one, that could not be removed or checked and is still there.
struct LeftTask {
  std::string id;
  Error why;  // Busy if it is in use
};

struct Collection {
  std::vector<CollectedTask> removed;
  std::vector<LeftTask> left;
  std::size_t active = 0;
  std::size_t kept = 0;   // ended tasks that are not among those to remove
  std::size_t young = 0;  // those of them that are only kept until they are an hour old
};

// The ids that the words of a command select. They are chosen once for all roots of the command,
// because a word that is an id in one root must not be taken for a pattern in another.
struct MeantIds {
  std::optional<std::set<std::string>> ids;  // nothing: all ids
  std::set<std::string> by_name;             // the ids that were given exactly

  bool contains(const std::string& id) const { return !ids || ids->contains(id); }
};

// Removes the tasks under a root that have ended, are `meant`, and are to be removed by the rules.
// Also removes left-over files of `meant` tasks; if their stream is damaged, only if the id is in
// `by_name`. With `dry_run` removes nothing. A task that can't be removed is added to `left`. Fails
// as list_tasks() and owner_of_root() do.
Result<Collection> collect_tasks(const Paths& paths, const MeantIds& meant,
                                 const RetentionRules& rules, Microseconds now, bool dry_run);

}  // namespace thermos
