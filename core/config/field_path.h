// Splits a name inside {{...}} that is a path to a field, such as "processes[0].name".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace thermos::config {

struct PathStep {
  std::string_view key;
  std::vector<std::size_t> indices;  // the [N] behind the key
};

// Returns nothing if `name` is not such a path: if it has an empty part, an index that is not a
// number, or a stray bracket.
std::optional<std::vector<PathStep>> parse_field_path(std::string_view name);

}  // namespace thermos::config
