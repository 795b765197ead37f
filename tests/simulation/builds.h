// The number of seeds that a kind of build has time for: sanitized and unoptimised builds run
// fewer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace thermos::sim {

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
inline constexpr std::uint64_t kSlower = 20;
#else
inline constexpr std::uint64_t kSlower = 1;
#endif

// With THERMOS_LONG_TESTS in the environment, three times as many.
inline std::uint64_t seeds(std::uint64_t of_a_fast_build) {
  const std::uint64_t times = std::getenv("THERMOS_LONG_TESTS") == nullptr ? 1 : 3;
  return std::max<std::uint64_t>(of_a_fast_build * times / kSlower, 1);
}

}  // namespace thermos::sim
