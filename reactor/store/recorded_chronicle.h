// The history of a task up to a moment, from its files.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/explain/chronicle.h"
#include "core/record/paths.h"

namespace thermos {

// Reads what is recorded of a task, by this program or by Apache Thermos, for who only shows it.
// What happened after the wall time `until` is left out. Fails as read_runner_stream() does.
Result<Chronicle> read_chronicle(const Paths& paths, const std::string& task_id,
                                 std::optional<Microseconds> until = {});

}  // namespace thermos
