// What may be the name of a process, a task or a pool.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thermos {

// "coordinator." and the name are a file name, which has at most 255 bytes (NAME_MAX).
inline constexpr std::size_t kMaxName = 243;

// Returns why the text can't be a name; nothing if it can.
std::optional<std::string> check_name(std::string_view name);

}  // namespace thermos
