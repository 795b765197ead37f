// The JSON Schema of a configuration, and of any described object.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/task/field.h"

namespace thermos::config {

// Returns the JSON Schema (draft 2020-12) of the configurations that load() accepts,
// pretty-printed.
std::string json_schema();

// Returns the entries of "$defs" for the object `root` and for all objects inside it, by the names
// of their types.
nlohmann::ordered_json object_definitions(const fields::Type& root);

}  // namespace thermos::config
