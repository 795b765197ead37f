// The samples of one run's resources in the last ten minutes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/base/times.h"
#include "reactor/observe/kernel_texts.h"

namespace thermos::observe {

struct Sample {
  Microseconds time = 0;     // wall time
  Microseconds cpu = 0;      // CPU time since the run began
  std::uint64_t memory = 0;  // resident bytes
  // Bytes read and written since the run began; nothing if they can't be read.
  std::optional<StorageBytes> storage;
  std::uint32_t processes = 0;
  bool operator==(const Sample&) const = default;
};

class SampleRing {
 public:
  // The kernel counts what a process uses and has no event for it.
  static constexpr Microseconds kInterval = kSecond;
  static constexpr Microseconds kHistory = 600 * kSecond;
  static constexpr std::size_t kMost = kHistory / kInterval;

  // Adds the next sample. A process that ends while the tree is read may be missing from the sum,
  // if its parent has not waited for it yet. So CPU time and bytes that are smaller than before are
  // raised to the values before.
  void add(Sample sample);
  // Drops samples that are more than kHistory older than the wall time `now`.
  void forget(Microseconds now);

  const std::deque<Sample>& samples() const { return samples_; }

 private:
  std::deque<Sample> samples_;
  // The largest sums so far.
  Microseconds cpu_ = 0;
  StorageBytes storage_;
};

}  // namespace thermos::observe
