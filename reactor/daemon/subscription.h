// What one subscriber is still to be told. It asks for the next thing when there is room for it: so
// who reads slowly, or subscribes to a long past, costs no more memory than who is up to date.
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

  // At the end of a turn, when what has a position lasts: from here on it has something to say.
  void begin();
  // Whether it concerns the subscriber that tasks of `owner` have news.
  bool concerns(std::uint32_t owner) const;

  // A small step; what is to be told after it, if anything.
  std::optional<control::ReplyBody> step();
  // Nothing is left to tell, for now or for good.
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
  std::uint64_t end_ = 0;  // of one that does not follow
  // A snapshot: those that the caller may see, of which not all may be meant.
  bool snapshot_ = false;
  std::vector<control::TaskEntry> entries_;
  std::size_t next_entry_ = 0;
  // What is not in memory any more, up to `horizon_`: first which streams, then the events in them.
  std::uint64_t horizon_ = 0;
  std::optional<TaskWalk> walk_;
  std::vector<PastEvents::Source> sources_;
  std::unique_ptr<PastEvents> past_;
};

}  // namespace thermos
