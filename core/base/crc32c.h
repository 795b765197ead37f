// CRC-32C (Castagnoli), by the processor's instruction where it has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thermos {

// The checksum of `bytes` after what `seed` already covers; crc32c(0, whole) equals
// crc32c(crc32c(0, first), second). crc32c(0, "123456789") is 0xE3069283.
std::uint32_t crc32c(std::uint32_t seed, std::span<const std::byte> bytes);

// The same by tables, on any processor: what crc32c() falls back to. Apart only so that the two can
// be tested against each other.
std::uint32_t crc32c_by_table(std::uint32_t seed, std::span<const std::byte> bytes);

}  // namespace thermos
