#include "reactor/observe/event_ring.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace thermos::observe {

std::string server_sent(std::string_view kind, std::string_view id, std::string_view data) {
  std::string text;
  text.append("event: ").append(kind).append("\nid: ").append(id).append("\n");
  for (bool more = true; more;) {
    const std::size_t end = data.find('\n');
    more = end != std::string_view::npos;
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (more) data.remove_prefix(end + 1);
  }
  return text.append("\n");
}

EventRing::Listener::Listener(EventRing& ring, std::function<void()> call)
    : ring_(ring), call_(std::move(call)) {
  ring_.listeners_.insert(this);
}

EventRing::Listener::~Listener() {
  ring_.listeners_.erase(this);
}

std::uint64_t EventRing::add(std::string_view kind, std::string_view data) {
  ++last_;
  texts_.push_back(std::make_shared<const std::string>(server_sent(kind, position(), data)));
  bytes_ += texts_.back()->size();
  // The last event is kept, whatever its size.
  while (bytes_ > most_ && texts_.size() > 1) {
    bytes_ -= texts_.front()->size();
    texts_.pop_front();
  }
  for (const Listener* const listener : listeners_) listener->call_();
  return last_;
}

std::string EventRing::position(std::uint64_t number) const {
  return epoch_ + "-" + std::to_string(number);
}

std::optional<std::uint64_t> EventRing::behind(std::string_view position) const {
  if (!position.starts_with(epoch_)) return std::nullopt;
  position.remove_prefix(epoch_.size());
  if (!position.starts_with('-')) return std::nullopt;
  position.remove_prefix(1);
  std::uint64_t number = 0;
  const char* const end = position.data() + position.size();
  const auto [at, failure] = std::from_chars(position.data(), end, number);
  if (position.empty() || failure != std::errc() || at != end) return std::nullopt;
  if (number > last_ || last_ - number > texts_.size()) return std::nullopt;
  return number;
}

std::shared_ptr<const std::string> EventRing::text(std::uint64_t number) const {
  if (number > last_ || last_ - number >= texts_.size()) return nullptr;
  return texts_[texts_.size() - 1 - static_cast<std::size_t>(last_ - number)];
}

}  // namespace thermos::observe
