// Counts durations in buckets by their length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/times.h"

namespace thermos {

class Histogram {
 public:
  static constexpr std::size_t kMostBounds = 16;

  // REQUIRES: `bounds` rise, are at most kMostBounds, and outlive this. A duration counts in the
  // bucket of the first bound that is not below it, or in a last bucket above all bounds.
  explicit Histogram(std::span<const Microseconds> bounds) : bounds_(bounds) {}

  // Adds a duration. A negative one, which is possible when a clock was set, counts as 0.
  void observe(Microseconds duration);

  std::span<const Microseconds> bounds() const { return bounds_; }
  // Returns how many durations are not above bound number `bound`, counted from 0.
  std::uint64_t up_to(std::size_t bound) const;
  std::uint64_t count() const { return count_; }
  Microseconds sum() const { return sum_; }

 private:
  std::span<const Microseconds> bounds_;
  // Durations above all bounds are in count_ alone.
  std::array<std::uint64_t, kMostBounds> counts_{};
  std::uint64_t count_ = 0;
  Microseconds sum_ = 0;
};

}  // namespace thermos
