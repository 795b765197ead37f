#include "reactor/daemon/event_feed.h"

#include <utility>

namespace thermos {

void EventFeed::start_after(std::uint64_t last, Timestamp now) {
  log_.start_after(last, now);
  told_ = log_.last_position();
}

void EventFeed::publish() {
  std::set<std::uint32_t> owners;
  for (OwnedEvent& event : std::exchange(fresh_, {})) {
    owners.insert(event.owner);
    log_.add(std::move(event));
  }
  told_ = log_.last_position();
  if (!owners.empty() && on_events) on_events(owners);
  for (const auto& call : std::exchange(at_turn_end_, {})) call();
}

void EventFeed::at_turn_end(std::function<void()> call) {
  at_turn_end_.push_back(std::move(call));
}

}  // namespace thermos
