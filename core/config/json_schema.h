// The JSON Schema of any described object. load.h has that of a configuration.
#pragma once

#include <nlohmann/json.hpp>

#include "core/task/field.h"

namespace thermos::config {

// What "$defs" has for the object `root` and for all objects inside it, by their types' names.
nlohmann::ordered_json object_definitions(const fields::Type& root);

}  // namespace thermos::config
