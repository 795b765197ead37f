#include "core/runner/process_set.h"

namespace thermos {

void ProcessSet::add(ProcessIndex p) {
  places_[p] = static_cast<std::uint32_t>(members_.size());
  members_.push_back(p);
}

void ProcessSet::remove(ProcessIndex p) {
  const std::uint32_t place = places_[p];
  const ProcessIndex last = members_.back();
  members_[place] = last;
  places_[last] = place;
  members_.pop_back();
  places_[p] = kOut;
}

}  // namespace thermos
