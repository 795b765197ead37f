// Phrases that several answers use.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// "a", "a and b", "a, b, c and 5 more": at most `most` names, as a terminal may show them.
std::string names_text(const std::vector<std::string>& names, std::size_t most = 4);
// "1 process", "3 processes".
std::string count_text(std::size_t count, std::string_view one, std::string_view many);
// Returns in words what is needed of a process: "the success of fetch", "the end of fetch".
std::string need_text(Condition condition, std::string_view process);
// Returns in words that a need was met: "fetch had succeeded".
std::string met_text(Condition condition, std::string_view process);

}  // namespace thermos
