// SHA-256 (FIPS 180-4), for names that must come out the same everywhere and for ever.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace thermos {

// Returns the digest of the bytes of `text`.
std::array<std::uint8_t, 32> sha256(std::string_view text);

}  // namespace thermos
