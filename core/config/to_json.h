// Writes any described object as JSON. load.h has it for a task.
#pragma once

#include <string>

#include "core/task/field.h"

namespace thermos::config {

// As to_json() of a task: with every default, texts escaped.
std::string to_json(fields::View object, int indent);

}  // namespace thermos::config
