// Reads the runs of earlier tasks, whose times a plan is based on.
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
  std::size_t tasks = 0;  // the number of tasks that were read
};

// read_past_runs() reads at most this many tasks, those whose streams were written last.
inline constexpr std::size_t kMostPastTasks = 50;

// Reads the tasks under the root whose ids match one of `patterns`, or, without patterns, those
// with the name `name`. A task that can't be read is left out. Fails with NotFound for a pattern
// that no task matches, or as list_tasks() and select_tasks() do.
Result<PastRuns> read_past_runs(const Paths& paths, const std::vector<std::string>& patterns,
                                const std::string& name);

// Reads fewer tasks, for callers that can't wait long: the ten latest ones with the name `name`,
// without the task `other_than`. Looks only at the 200 tasks whose streams were written last.
Result<PastRuns> read_latest_runs(const Paths& paths, const std::string& name,
                                  const std::string& other_than);

}  // namespace thermos
