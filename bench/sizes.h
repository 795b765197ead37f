// How large the benchmarks are: as the tables want it, or tiny, to see that they still run.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

namespace thermos::bench {

// THERMOS_BENCH_SMOKE in the environment: the tests set it.
inline bool smoke() {
  return std::getenv("THERMOS_BENCH_SMOKE") != nullptr;
}

inline std::vector<std::int64_t> sizes(std::vector<std::int64_t> wanted) {
  return smoke() ? std::vector<std::int64_t>{64} : std::move(wanted);
}

}  // namespace thermos::bench
