// Finds the next events for one subscriber. The server asks for the next event only when the
// client's queue has room, so a subscriber that reads slowly, or wants a long past, costs no more
// memory than one that is up to date.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "capnp/control.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/past_events.h"
#include "reactor/daemon/task_walk.h"
#include "reactor/daemon/visible_tasks.h"

namespace thermos {

class Subscription {
 public:
  Subscription(EventFeed& events, VisibleTasks& tasks, const Caller& caller, std::uint64_t request,
               const control::Subscribe& ask, std::shared_ptr<const TaskPatterns> patterns);

  // Starts the subscription. Called at the end of a turn, when every event that has a position is
  // durable.
  void begin();
  bool begun() const { return begun_; }
  // Whether events of `owner`'s tasks may concern this subscriber.
  bool concerns(std::uint32_t owner) const;

  // Does a small step. Returns the reply to send after it, if any.
  std::optional<control::ReplyBody> step();
  // Whether nothing is left to send, for now or for good.
  bool quiet() const;
  bool complete() const { return complete_; }
  std::uint64_t request() const { return request_; }

 private:
  std::optional<control::ReplyBody> step_snapshot();
  std::optional<control::ReplyBody> step_memory();
  std::optional<control::ReplyBody> step_disk();

  EventFeed& events_;
  VisibleTasks& tasks_;
  Caller caller_;
  std::uint64_t request_;
  bool follow_;
  std::shared_ptr<const TaskPatterns> patterns_;
  bool begun_ = false;
  bool complete_ = false;
  std::uint64_t position_;
  std::uint64_t end_ = 0;  // the last position to send, unless follow_
  // The snapshot: all active tasks that the caller may see; the patterns may still drop some.
  bool snapshot_ = false;
  std::vector<control::TaskEntry> entries_;
  std::size_t next_entry_ = 0;
  // For events that are not in memory any more, up to `horizon_`: walk_ finds their streams, and
  // then past_ reads the events.
  std::uint64_t horizon_ = 0;
  std::optional<TaskWalk> walk_;
  std::vector<PastEvents::Source> sources_;
  std::unique_ptr<PastEvents> past_;
};

}  // namespace thermos
