// What a run used while somebody looked: samples of the last ten minutes.
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
  // Bytes read and written since the run began; nothing: that can't be read.
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

  // Adds the next sample. Processes end while their tree is read, so that a sum may miss what one
  // used that its parent has not waited for: no sum is smaller than before.
  void add(Sample sample);
  // Drops what is older than the history at that time, by the wall clock.
  void forget(Microseconds now);

  const std::deque<Sample>& samples() const { return samples_; }

 private:
  std::deque<Sample> samples_;
  // The largest sums so far.
  Microseconds cpu_ = 0;
  StorageBytes storage_;
};

}  // namespace thermos::observe
