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
  // They come task by task, and each task took its positions as things happened. None comes in a
  // later turn that is below one of these: who takes a position writes its record in the same turn.
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
