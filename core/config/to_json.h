// Writes any described object as JSON. load.h has it for a task.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/task/field.h"
#include "core/task/task.h"

namespace thermos::config {

// As to_json() of a task: with every default, texts escaped.
std::string to_json(fields::View object, int indent);

// Hands what to_json() of a task returns to `take` piece by piece: the text of a large task needs
// no memory. Returns false as soon as `take` does.
bool write_json(const TaskConfig& task, int indent,
                const std::function<bool(std::string_view piece)>& take);

}  // namespace thermos::config
