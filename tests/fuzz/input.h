// Shared by the fuzzers of streams.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "core/base/crc32c.h"
#include "core/record/frame.h"

namespace thermos {

inline void require(bool truth) {
  if (!truth) std::abort();
}

// Returns the input without its first byte, which selects what the fuzzer does.
inline std::vector<std::byte> behind_first(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size - 1);
  if (!bytes.empty()) std::memcpy(bytes.data(), data + 1, size - 1);
  return bytes;
}

// Makes the header of the bytes valid, and the length, segment table and checksum of each frame in
// them, so that the fuzzer reaches the code behind these checks.
inline void make_true(std::vector<std::byte>& bytes) {
  if (bytes.size() < kStreamHeaderBytes) return;
  encode_stream_header({}, std::span(bytes).first<kStreamHeaderBytes>());
  std::uint32_t chain = chain_start(StreamHeader{}.epoch);
  for (std::size_t at = kStreamHeaderBytes; at + frame_size(16) <= bytes.size();) {
    std::size_t length = 16 + std::to_integer<std::size_t>(bytes[at]) * 8;
    length = std::min(length, (bytes.size() - at - kFrameHeaderBytes) / 8 * 8);
    const auto words = static_cast<std::uint32_t>(length / 8 - 1);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at + 8), 8, std::byte{0});
    for (std::size_t i = 0; i < 4; ++i) bytes[at + 12 + i] = std::byte(words >> (8 * i) & 0xff);
    chain = seal_frame(chain, std::span(bytes).subspan(at), length);
    at += frame_size(length);
  }
}

}  // namespace thermos
