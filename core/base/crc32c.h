// CRC-32C (Castagnoli), computed with the processor's crc32 instruction if it has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thermos {

// Returns the checksum of `bytes`, continued from `seed`, the checksum of the bytes before them:
// crc32c(0, whole) equals crc32c(crc32c(0, first), second). crc32c(0, "123456789") is 0xE3069283.
std::uint32_t crc32c(std::uint32_t seed, std::span<const std::byte> bytes);

// The same with tables, for processors without the instruction. Public only so that a test can
// compare the two.
std::uint32_t crc32c_by_table(std::uint32_t seed, std::span<const std::byte> bytes);

}  // namespace thermos
