// Numbers of bytes as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thermos {

// Parses a number of bytes, or of K, M, G or T (powers of 1024), as in "100M", "5MB" or "5MiB".
// Returns nothing if the text is neither, or the number of bytes is above 2^63 - 1.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

// Returns "0 B", "4 KiB" or "12.3 MiB".
std::string byte_size_text(std::uint64_t bytes);

}  // namespace thermos
