// The daemon: it leads many tasks on one loop, and serves its clients' requests and subscriptions.
#pragma once

#include <cstddef>
#include <functional>

#include "core/record/paths.h"
#include "core/task/shared_pools.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/settings.h"
#include "reactor/daemon/task_index.h"
#include "reactor/daemon/task_requests.h"
#include "reactor/daemon/task_resumption.h"
#include "reactor/daemon/task_retention.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/daemon/visible_tasks.h"
#include "reactor/host/reactor.h"

namespace thermos {

class Daemon {
 public:
  Daemon(Reactor& reactor, Paths paths, const Settings& settings);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Uses these settings from this call on (`systemctl reload`). Pools keep their sizes until the
  // daemon starts again.
  void use(const Settings& settings);
  const Settings& settings() const { return settings_; }

  // Resumes the root's active tasks: see TaskResumption::resume_all(). Then starts to remove ended
  // tasks, as the settings demand: see TaskRetention.
  void resume_all() {
    resumption_.resume_all();
    retention_.begin();
  }

  TaskRequests& requests() { return requests_; }
  const Paths& paths() const { return paths_; }
  VisibleTasks& visible() { return visible_; }
  EventFeed& events() { return events_; }
  const SharedPools& pools() const { return pools_; }

  // The number of tasks that this daemon leads.
  std::size_t active() const { return tasks_.size(); }
  // Called whenever active() changes.
  std::function<void()> on_change;

 private:
  Reactor& reactor_;
  Paths paths_;
  Settings settings_;
  EventFeed events_;
  TaskSummaryCache summaries_;
  TaskIndex index_;
  SharedPools pools_;
  HostedTasks tasks_;
  VisibleTasks visible_;
  TaskRequests requests_;
  TaskResumption resumption_;
  TaskRetention retention_;
};

}  // namespace thermos
