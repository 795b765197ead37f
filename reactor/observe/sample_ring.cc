#include "reactor/observe/sample_ring.h"

#include <algorithm>

namespace thermos::observe {

void SampleRing::add(Sample sample) {
  cpu_ = std::max(cpu_, sample.cpu);
  sample.cpu = cpu_;
  if (sample.storage) {
    storage_.read = std::max(storage_.read, sample.storage->read);
    storage_.written = std::max(storage_.written, sample.storage->written);
    sample.storage = storage_;
  }
  // If the wall clock was set back, drops the samples that are later than it, because samples are
  // ordered by time.
  while (!samples_.empty() && samples_.back().time > sample.time) samples_.pop_back();
  forget(sample.time);
  samples_.push_back(sample);
  if (samples_.size() > kMost) samples_.pop_front();
}

void SampleRing::forget(Microseconds now) {
  while (!samples_.empty() && samples_.front().time < now - kHistory) samples_.pop_front();
}

}  // namespace thermos::observe
