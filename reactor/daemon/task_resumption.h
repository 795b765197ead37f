// Going on with the tasks that a root has, at a daemon's start and when the machine allows it
// again.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/host/reactor.h"

namespace thermos {

class TaskResumption {
 public:
  // All outlive this.
  TaskResumption(Reactor& reactor, const Paths& paths, EventFeed& events,
                 TaskSummaryCache& summaries, HostedTasks& tasks)
      : reactor_(reactor), paths_(paths), events_(events), summaries_(summaries), tasks_(tasks) {}

  // Leads every active task of the root that nobody leads. One that can't be resumed, or whose
  // files are another user's, is left as it is, logged, and stops no other. Events begin above the
  // highest position on record.
  void resume_all();

 private:
  // `tries`: how often it found the lock only asked about.
  void resume(const std::string& task_id, int tries = 0);
  void leave_for_now(const std::string& task_id, const Error& why);

  Reactor& reactor_;
  const Paths& paths_;
  EventFeed& events_;
  TaskSummaryCache& summaries_;
  HostedTasks& tasks_;
};

}  // namespace thermos
