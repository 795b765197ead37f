// Resumes the active tasks of a root when a daemon starts, and again later when the machine was
// short of something.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/task/shared_pools.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/host/reactor.h"

namespace thermos {

class TaskResumption {
 public:
  // All references outlive this.
  TaskResumption(Reactor& reactor, const Paths& paths, EventFeed& events,
                 TaskSummaryCache& summaries, HostedTasks& tasks, SharedPools& pools)
      : reactor_(reactor),
        paths_(paths),
        events_(events),
        summaries_(summaries),
        tasks_(tasks),
        pools_(pools) {}

  // Takes the lead of every active task of the root that nobody leads. A task that can't be
  // resumed, or whose files are another user's, is left as it is and logged, and the others are
  // resumed all the same. Event positions start above the highest one on record. At the daemon's
  // pools what still runs has its share before anything new starts, and then the tasks ask in the
  // order of their launch times. Where the tasks can't be listed, that is tried again until they
  // can be.
  void resume_all();
  // Asked before each: whether none is to be resumed any more.
  std::function<bool()> closed_to_tasks;

 private:
  void resume_listed();
  // `tries`: how often the lock was found held only by someone who asks about it.
  void resume(const std::string& task_id, int tries = 0);
  void leave_for_now(const std::string& task_id, const Error& why);
  // If all were resumed that can be in a moment.
  void open_pools();

  Reactor& reactor_;
  const Paths& paths_;
  EventFeed& events_;
  TaskSummaryCache& summaries_;
  HostedTasks& tasks_;
  SharedPools& pools_;
  bool unlisted_ = false;          // and the log says so
  bool begun_ = false;             // the positions of events
  bool closed_ = false;            // the pools
  std::set<std::string> awaited_;  // tasks whose locks are asked about
};

}  // namespace thermos
