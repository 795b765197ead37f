// A million, or as many as a test of a million takes in a build that is slow.
#pragma once

#include <cstdint>

namespace thermos {

// The sanitizers make everything ten times slower, and find in a tenth what they would in all.
#ifdef __SANITIZE_ADDRESS__
inline constexpr std::uint32_t kMillion = 100'000;
#else
inline constexpr std::uint32_t kMillion = 1'000'000;
#endif

// Of what is slow without optimization, too.
#ifdef __OPTIMIZE__
inline constexpr std::uint32_t kOptimizedMillion = kMillion;
#else
inline constexpr std::uint32_t kOptimizedMillion = 100'000;
#endif

}  // namespace thermos
