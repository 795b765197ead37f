// Finds the task, and its history up to a point in time, that a command which reads files asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/explain/chronicle.h"
#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/cli/options.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Returns the root that holds the task which `word` matches: that of the daemon whose socket
// --socket or THERMOS_SOCKET gives, else one of the roots in the options. Fails as root_of_task()
// and asked_paths() do.
Result<Paths> paths_of_task(const CommonOptions& common, const std::optional<std::string>& socket,
                            const std::string& word);

// Returns the one task that `word` matches. Fails with NotFound, and names the most similar one, or
// with Usage if there are several.
Result<TaskEntry> asked_task(const Paths& paths, const std::string& word);

// Returns the task's recorded configuration. Fails with Corrupt; for a task of Apache Thermos the
// message says what to do.
Result<TaskConfig> asked_config(const Paths& paths, const TaskEntry& task);

// Returns the task's chronicle up to the wall time `at`; without `at`, an empty one for an active
// task whose runner has not written yet. Fails with NotFound if the task began after `at`, or as
// read_chronicle() does.
Result<Chronicle> chronicle_at(const Paths& paths, const TaskEntry& task,
                               std::optional<Microseconds> at);

// Fails with NotFound if the task began after `at`.
Status check_there(const Chronicle& chronicle, const TaskEntry& task,
                   std::optional<Microseconds> at);

// Parses the number of a run. Fails with Usage.
Result<std::uint32_t> parse_run(std::string_view option, std::string_view text);

}  // namespace thermos
