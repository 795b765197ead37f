// The number of seeds that a kind of build has time for: sanitized and unoptimised builds run
// fewer.
#pragma once

#include <cstdint>

namespace thermos::sim {

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
inline constexpr std::uint64_t kSlower = 20;
#else
inline constexpr std::uint64_t kSlower = 1;
#endif

constexpr std::uint64_t seeds(std::uint64_t of_a_fast_build) {
  return of_a_fast_build / kSlower;
}

}  // namespace thermos::sim
