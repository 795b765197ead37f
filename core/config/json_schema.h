// The JSON Schema of a configuration, and of any described object.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/task/field.h"

namespace thermos::config {

// The JSON Schema (draft 2020-12) of what load() takes, pretty-printed.
std::string json_schema();

// What "$defs" has for the object `root` and for all objects inside it, by their types' names.
nlohmann::ordered_json object_definitions(const fields::Type& root);

}  // namespace thermos::config
