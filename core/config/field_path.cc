#include "core/config/field_path.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace thermos::config {

std::optional<std::vector<PathStep>> parse_field_path(std::string_view name) {
  std::vector<PathStep> steps;
  while (true) {
    const std::size_t key_end = std::min(name.find_first_of(".[]"), name.size());
    if (key_end == 0) return std::nullopt;
    PathStep& step = steps.emplace_back();
    step.key = name.substr(0, key_end);
    name.remove_prefix(key_end);
    while (!name.empty() && name.front() == '[') {
      std::size_t index = 0;
      const char* end = name.data() + name.size();
      const auto parsed = std::from_chars(name.data() + 1, end, index);
      if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ']') return std::nullopt;
      step.indices.push_back(index);
      name.remove_prefix(static_cast<std::size_t>(parsed.ptr - name.data()) + 1);
    }
    if (name.empty()) return steps;
    if (name.front() != '.') return std::nullopt;
    name.remove_prefix(1);
  }
}

}  // namespace thermos::config
