// The sizes of the benchmarks: those of the tables, or one tiny size for the smoke test.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

namespace thermos::bench {

// Whether this is the smoke test, which sets THERMOS_BENCH_SMOKE.
inline bool smoke() {
  return std::getenv("THERMOS_BENCH_SMOKE") != nullptr;
}

inline std::vector<std::int64_t> sizes(std::vector<std::int64_t> wanted) {
  return smoke() ? std::vector<std::int64_t>{64} : std::move(wanted);
}

}  // namespace thermos::bench
