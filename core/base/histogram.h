// Durations counted by their size.
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

  // `bounds` rise, are at most kMostBounds, and outlive this. A duration counts in the bucket of
  // the first bound that is not below it, or in a last one above all of them.
  explicit Histogram(std::span<const Microseconds> bounds) : bounds_(bounds) {}

  // One that is negative, as a clock was set, counts as 0.
  void observe(Microseconds duration);

  std::span<const Microseconds> bounds() const { return bounds_; }
  // Up to and including bound number `bound`.
  std::uint64_t up_to(std::size_t bound) const;
  std::uint64_t count() const { return count_; }
  Microseconds sum() const { return sum_; }

 private:
  std::span<const Microseconds> bounds_;
  std::array<std::uint64_t, kMostBounds> counts_{};  // those above all bounds are in count_ alone
  std::uint64_t count_ = 0;
  Microseconds sum_ = 0;
};

}  // namespace thermos
