#include "core/base/histogram.h"

#include <algorithm>

namespace thermos {

void Histogram::observe(Microseconds duration) {
  duration = std::max<Microseconds>(0, duration);
  ++count_;
  sum_ += duration;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    if (duration > bounds_[i]) continue;
    ++counts_[i];
    return;
  }
}

std::uint64_t Histogram::up_to(std::size_t bound) const {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i <= bound; ++i) all += counts_[i];
  return all;
}

}  // namespace thermos
