#include "reactor/daemon/subscription.h"

#include <utility>

namespace thermos {

Subscription::Subscription(EventFeed& events, VisibleTasks& tasks, const Caller& caller,
                           std::uint64_t request, const control::Subscribe& ask,
                           std::shared_ptr<const TaskPatterns> patterns)
    : events_(events),
      tasks_(tasks),
      caller_(caller),
      request_(request),
      follow_(ask.follow),
      patterns_(std::move(patterns)),
      position_(ask.since),
      snapshot_(ask.since == 0) {}

void Subscription::begin() {
  begun_ = true;
  end_ = events_.told_position();
  if (!snapshot_) return;
  entries_ = tasks_.active_tasks(caller_);
  position_ = end_;
}

bool Subscription::concerns(std::uint32_t owner) const {
  return begun_ && !complete_ && (caller_.is_root() || caller_.uid == owner);
}

bool Subscription::quiet() const {
  if (complete_ || !begun_) return true;
  return !snapshot_ && follow_ && position_ >= events_.told_position();
}

std::optional<control::ReplyBody> Subscription::step() {
  if (quiet()) return std::nullopt;
  if (snapshot_) return step_snapshot();
  if (!follow_ && position_ >= end_) {
    complete_ = true;
    return control::Finished{};
  }
  if (past_ || walk_ || !events_.log().reaches_back_to(position_)) return step_disk();
  return step_memory();
}

std::optional<control::ReplyBody> Subscription::step_snapshot() {
  if (next_entry_ == entries_.size()) {
    snapshot_ = false;
    entries_ = {};
    return control::Snapshot{position_};
  }
  control::TaskEntry& entry = entries_[next_entry_++];
  if (!patterns_->match(entry.task_id)) return std::nullopt;
  return std::move(entry);
}

std::optional<control::ReplyBody> Subscription::step_memory() {
  const OwnedEvent* const next = events_.log().first_after(position_);
  if (next == nullptr) {
    position_ = events_.told_position();
    return std::nullopt;
  }
  position_ = next->event.position;
  if (!caller_.is_root() && next->owner != caller_.uid) return std::nullopt;
  if (!patterns_->match(next->event.task_id)) return std::nullopt;
  return next->event;
}

std::optional<control::ReplyBody> Subscription::step_disk() {
  if (!past_ && !walk_) {
    horizon_ = events_.told_position();
    walk_.emplace(tasks_, caller_, patterns_, true, true);
  }
  if (walk_) {
    if (const auto id = walk_->step()) {
      if (auto source = tasks_.stream_behind(*id, position_)) {
        sources_.push_back(std::move(*source));
      }
    }
    if (!walk_->done()) return std::nullopt;
    walk_.reset();
    past_ = std::make_unique<PastEvents>(tasks_.paths(), std::exchange(sources_, {}), position_,
                                         horizon_);
    return std::nullopt;
  }
  if (auto event = past_->step()) {
    position_ = event->position;
    return std::move(*event);
  }
  if (!past_->done()) return std::nullopt;
  past_.reset();
  position_ = horizon_;
  return std::nullopt;
}

}  // namespace thermos
