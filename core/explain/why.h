// "thermos why": why a task, a process or a run is as it is, or was at a moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/explain/cause.h"
#include "core/explain/situation.h"

namespace thermos {

// Answers for a process by its name, or for one of its runs. Fails with NotFound if the task has no
// such process, naming the nearest, or no such run.
Result<Answer> why_process(const Situation& situation, std::string_view name,
                           std::optional<std::uint32_t> run = {});

// For the task as a whole: why_task.h.

}  // namespace thermos
