// Reads the history of a task up to a given time from its files.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/explain/chronicle.h"
#include "core/record/paths.h"

namespace thermos {

// Reads the chronicle of a task, whether this program or Apache Thermos recorded it, for callers
// that only show it. Leaves out events after the wall time `until`. Fails as read_runner_stream()
// does.
Result<Chronicle> read_chronicle(const Paths& paths, const std::string& task_id,
                                 std::optional<Microseconds> until = {});

}  // namespace thermos
