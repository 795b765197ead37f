// SHA-256 (FIPS 180-4), for names that must come out the same everywhere and for ever, and for
// files that must arrive whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thermos {

// Computes the digest of bytes that come in parts.
class Sha256 {
 public:
  void add(std::string_view bytes);
  // Returns the digest of all bytes that were added. Nothing may be added after this call.
  std::array<std::uint8_t, 32> digest();

 private:
  std::array<std::uint32_t, 8> hash_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string rest_;  // less than a block
  std::uint64_t bytes_ = 0;
};

// Returns the digest of the bytes of `text`.
std::array<std::uint8_t, 32> sha256(std::string_view text);

}  // namespace thermos
