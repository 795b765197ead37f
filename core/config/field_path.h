// The names inside {{...}} that lead into the task: "processes[0].name" taken apart.
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

// nullopt when `name` is no such path: an empty part, an index that is no number, a stray bracket.
std::optional<std::vector<PathStep>> parse_field_path(std::string_view name);

}  // namespace thermos::config
