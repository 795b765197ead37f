// The task, and the moment of its past, that a command which reads files asks for.
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

// The root that holds the task which `word` means: of the roots that the options name, or that of
// the daemon at the socket that --socket or THERMOS_SOCKET names. Fails as root_of_task() and
// asked_paths() do.
Result<Paths> paths_of_task(const CommonOptions& common, const std::optional<std::string>& socket,
                            const std::string& word);

// The one task that `word` means. Fails with NotFound, naming the nearest, or Usage if there are
// several.
Result<TaskEntry> asked_task(const Paths& paths, const std::string& word);

// Its configuration as it was recorded. Fails with Corrupt, and says what to do about a task of
// Apache Thermos.
Result<TaskConfig> asked_config(const Paths& paths, const TaskEntry& task);

// What is recorded of the task up to the wall time `at`; nothing of a task whose runner did not
// write yet. Fails with NotFound if the task began after that, or as read_chronicle() does.
Result<Chronicle> chronicle_at(const Paths& paths, const TaskEntry& task,
                               std::optional<Microseconds> at);

// Fails with NotFound if the task began after `at`.
Status check_there(const Chronicle& chronicle, const TaskEntry& task,
                   std::optional<Microseconds> at);

// Parses the number of a run. Fails with Usage.
Result<std::uint32_t> parse_run(std::string_view option, std::string_view text);

}  // namespace thermos
