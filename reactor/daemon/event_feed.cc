#include "reactor/daemon/event_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace thermos {

void EventFeed::start_after(std::uint64_t last, Timestamp now) {
  log_.start_after(last, now);
  told_ = log_.last_position();
}

void EventFeed::publish() {
  std::set<std::uint32_t> owners;
  std::vector<OwnedEvent> turn = std::exchange(turn_events_, {});
  // The events were added task by task, but positions were taken in the order of what happened. No
  // event of a later turn has a lower position, because a record is written in the turn in which it
  // takes its position.
  std::sort(turn.begin(), turn.end(), [](const OwnedEvent& a, const OwnedEvent& b) {
    return a.event.position < b.event.position;
  });
  for (OwnedEvent& event : turn) {
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
