// Writes a task, or any described object, as JSON.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/task/field.h"
#include "core/task/task.h"

namespace thermos::config {

// Writes the task as one JSON object with the schema's keys and every default, indented by `indent`
// spaces (-1: one line). The files in tasks/active have this form, and `inspect --json` prints it.
// load_bound() makes the same task from it, even if texts hold "{{", because those are escaped.
std::string to_json(const TaskConfig& task, int indent);
// Writes any described object in the same way.
std::string to_json(fields::View object, int indent);

// Passes the text that to_json() would return to `take`, piece by piece, so that the whole text of
// a large task is never in memory. Returns false as soon as `take` does.
bool write_json(const TaskConfig& task, int indent,
                const std::function<bool(std::string_view piece)>& take);

}  // namespace thermos::config
