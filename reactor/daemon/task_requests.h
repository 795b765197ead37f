// What clients ask of the daemon's tasks, and who may. capnp/CONTROL.md says the rules.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/settings.h"
#include "reactor/daemon/submission.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/daemon/visible_tasks.h"
#include "reactor/host/reactor.h"

namespace thermos {

// Each request is refused (NotPermitted) to who may not.
class TaskRequests {
 public:
  // All outlive this. `settings` may change.
  TaskRequests(Reactor& reactor, const Paths& paths, const Settings& settings, EventFeed& events,
               TaskSummaryCache& summaries, HostedTasks& tasks, VisibleTasks& visible)
      : reactor_(reactor),
        paths_(paths),
        settings_(settings),
        events_(events),
        summaries_(summaries),
        tasks_(tasks),
        visible_(visible) {}
  TaskRequests(const TaskRequests&) = delete;
  TaskRequests& operator=(const TaskRequests&) = delete;

  // Makes a task and leads it. `made` is called when it is on the disk (at the end of a turn), or
  // with why it will never be; not at all after an error here. The same submission again, while the
  // task is active, is accepted and makes nothing: its client may have lost us before it was
  // answered.
  Status submit(const control::Submit& submit, const Caller& caller,
                std::function<void(const Status&)> made);

  // Asks tasks of this daemon to end: those of `ids` that it leads, which match and which the
  // caller may kill. Returns them; NotFound when there are none.
  Result<std::vector<std::string>> kill(const control::AskKill& ask, const Caller& caller,
                                        const std::vector<std::string>& ids);

  // Orders one process about. `done` is called when the order is on the disk and the run that it
  // ends has ended; with an error if that will not be seen here.
  Status order(const control::AskOrder& ask, const Caller& caller,
               std::function<void(const Status&)> done);

  // Kills every task, takes no new ones, and calls on_drained when none is left. Returns the ids.
  Result<std::vector<std::string>> drain(const control::AskDrain& ask, const Caller& caller);
  // Called once when all is drained.
  std::function<void()> on_drained;
  // A task is led no longer: it may have been the last of a drain.
  void finish_draining();

  // Calls back once when the task ends, at once if it has ended. NotFound. The key
  // (0: it has called back) takes it back.
  Result<HostedTasks::WaitKey> when_ended(const std::string& task_id, const Caller& caller,
                                          HostedTasks::Ended ended);
  void wait_no_more(const std::string& task_id, HostedTasks::WaitKey key) {
    tasks_.wait_no_more(task_id, key);
  }

 private:
  // `tries`: how often it found the lock only asked about.
  Status try_submit(const control::Submit& submit, const Caller& caller,
                    std::function<void(const Status&)> made, int tries);
  Status may_submit(const control::Submit& submit, const Caller& caller) const;
  Status has_room_for(const Caller& caller) const;
  Status submit_again(const TaskSetup& setup, const Caller& caller,
                      std::function<void(const Status&)> made);
  Result<HostedTask*> find_led(const std::string& task_id, const Caller& caller);

  Reactor& reactor_;
  const Paths& paths_;
  const Settings& settings_;
  EventFeed& events_;
  TaskSummaryCache& summaries_;
  HostedTasks& tasks_;
  VisibleTasks& visible_;
  bool draining_ = false;
};

}  // namespace thermos
