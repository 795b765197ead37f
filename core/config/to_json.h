// Writes a task, or any described object, as JSON.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/task/field.h"
#include "core/task/task.h"

namespace thermos::config {

// Writes the task as one JSON object with the schema's keys and every default, indented by `indent`
// spaces (-1: one line). tasks/active and `inspect --json` hold this. load_bound() of it gives the
// same task, also if texts hold "{{": those are escaped.
std::string to_json(const TaskConfig& task, int indent);
// The same of any object.
std::string to_json(fields::View object, int indent);

// Hands what to_json() of a task returns to `take` piece by piece: the text of a large task needs
// no memory. Returns false as soon as `take` does.
bool write_json(const TaskConfig& task, int indent,
                const std::function<bool(std::string_view piece)>& take);

}  // namespace thermos::config
