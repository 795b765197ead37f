// The runs of earlier tasks, by which a plan goes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/explain/past_times.h"
#include "core/record/paths.h"

namespace thermos {

struct PastRuns {
  PastTimes times;
  std::size_t tasks = 0;  // that were read
};

// The latest tasks of so many are read.
inline constexpr std::size_t kMostPastTasks = 50;

// Reads the tasks under the root whose ids match one of `patterns`, or, without patterns, those of
// the same `name`. A task that can't be read is left out. Fails with NotFound for a pattern that no
// task matches, or as list_tasks() and select_tasks() do.
Result<PastRuns> read_past_runs(const Paths& paths, const std::vector<std::string>& patterns,
                                const std::string& name);

// The same for who can't wait long: of the latest ten tasks of that name, but not of `other_than`;
// of many tasks, only those that were written last are looked at.
Result<PastRuns> read_latest_runs(const Paths& paths, const std::string& name,
                                  const std::string& other_than);

}  // namespace thermos
