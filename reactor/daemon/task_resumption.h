// Resumes the active tasks of a root when a daemon starts. Tries again later if the machine was
// short of a resource.
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

  // Takes the lead of every active task of the root that has no leader. If a task can't be resumed,
  // or its files belong to another user, it is left as it is and logged, and the other tasks are
  // resumed all the same. Event positions start above the highest one on record. The runs that
  // still live get their shares of the daemon's pools before any new run starts; then the tasks ask
  // for shares in the order of their launch times. If the tasks can't be listed, this is retried
  // until they can be.
  void resume_all();
  // Called before each task is resumed. If it returns true, no more tasks are resumed.
  std::function<bool()> closed_to_tasks;

 private:
  void resume_listed();
  // `tries` counts the earlier attempts that failed because another process only tested the lock,
  // or because the lock's holder could not be found.
  void resume(const std::string& task_id, int tries = 0);
  void leave_for_now(const std::string& task_id, const Error& why);
  // Opens the pools, unless tasks whose locks are being tested are still to be resumed.
  void open_pools();

  Reactor& reactor_;
  const Paths& paths_;
  EventFeed& events_;
  TaskSummaryCache& summaries_;
  HostedTasks& tasks_;
  SharedPools& pools_;
  bool unlisted_ = false;          // the tasks could not be listed, and the log says so
  bool begun_ = false;             // event positions were started
  bool closed_ = false;            // the pools are closed
  std::set<std::string> awaited_;  // tasks that are retried because their locks are being tested
};

}  // namespace thermos
