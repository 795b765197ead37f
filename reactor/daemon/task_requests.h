// Carries out clients' requests about the daemon's tasks, and checks who may make them.
// capnp/CONTROL.md has the rules.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/check_submission.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/settings.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/daemon/visible_tasks.h"
#include "reactor/host/reactor.h"

namespace thermos {

// A request fails with NotPermitted unless the caller is authorised. An order or a wait for a task
// that the caller may not see fails with NotFound.
class TaskRequests {
 public:
  // All references outlive this. `settings` may change.
  TaskRequests(Reactor& reactor, const Paths& paths, const Settings& settings, EventFeed& events,
               TaskSummaryCache& summaries, HostedTasks& tasks, VisibleTasks& visible,
               SharedPools& pools)
      : reactor_(reactor),
        paths_(paths),
        settings_(settings),
        events_(events),
        summaries_(summaries),
        tasks_(tasks),
        visible_(visible),
        pools_(pools) {}
  TaskRequests(const TaskRequests&) = delete;
  TaskRequests& operator=(const TaskRequests&) = delete;

  // Creates a task and leads it. Calls `made` when the task is durable (at the end of a turn), or
  // with the error that prevents it. Does not call `made` if submit() itself fails. Submitting the
  // same task again while it is active succeeds and creates nothing, because the client may have
  // lost the connection before the answer. With submit.replace, the configuration of an active task
  // is replaced, and `made` is called when that is done. Fails with Usage if the id exists with
  // another configuration, belongs to an ended task, or is of a task that this daemon does not
  // lead, or if the task to be replaced is ending or has another user, sandbox or ports; Busy at
  // the user's limit, while draining, or while a replacement is under way; NotPermitted; or as
  // check_submission() does.
  Status submit(const control::Submit& submit, const Caller& caller,
                std::function<void(const Status&)> made);

  // Kills the tasks of `ids` that this daemon leads, without waiting for their ends, and returns
  // their ids. `ids` are the tasks that match and that the caller may kill. Fails with NotFound if
  // none of them is led, or Busy if the first pattern is the id of an active task that this daemon
  // does not lead.
  Result<std::vector<std::string>> kill(const control::AskKill& ask, const Caller& caller,
                                        const std::vector<std::string>& ids);

  // Reads the words of an order, whose processes OrderWords then finds in steps. Fails as order()
  // does, or with Usage as OrderWords::read() does.
  Result<OrderWords> words_of(const control::AskOrder& ask, const Caller& caller);
  // Gives an order to processes of one task. `words` are the order's words, and are done(). Calls
  // `done` when the order is durable and the runs that it ends have ended, or with an error if this
  // daemon stops leading the task before that.
  Status order(const control::AskOrder& ask, const Caller& caller, const OrderWords& words,
               std::function<void(const Status&)> done);

  // Kills every task, refuses new ones, and calls on_drained when none is left. Returns the ids of
  // the tasks. Fails with NotPermitted unless the caller is root or the daemon's own user.
  Result<std::vector<std::string>> drain(const control::AskDrain& ask, const Caller& caller);
  // Whether a drain was asked for.
  bool draining() const { return draining_; }
  // Called when a drain was asked for and no task is left.
  std::function<void()> on_drained;
  // Called when a task has ended. If a drain was asked for and no task is left, calls on_drained.
  void finish_draining();

  // Calls `ended` once when the task ends, or inside this call if it has already ended. Returns a
  // key for wait_no_more(), or 0 if `ended` was called already. Fails with NotFound if there is no
  // such task that the caller may see, or Busy if this daemon does not lead the task.
  Result<HostedTasks::WaitKey> when_ended(const std::string& task_id, const Caller& caller,
                                          HostedTasks::Ended ended);
  void wait_no_more(const std::string& task_id, HostedTasks::WaitKey key) {
    tasks_.wait_no_more(task_id, key);
  }

 private:
  // `tries` counts the earlier attempts that failed because another process only tested the lock.
  Status try_submit(const control::Submit& submit, const Caller& caller,
                    std::function<void(const Status&)> made, int tries);
  Status may_submit(const control::Submit& submit, const Caller& caller) const;
  Status has_room_for(const Caller& caller) const;
  Status submit_again(const control::Submit& submit, TaskSetup& setup, const Caller& caller,
                      std::function<void(const Status&)> made);
  Status replace(const control::Submit& submit, TaskSetup& setup, const Caller& caller,
                 HostedTask& led, std::function<void(const Status&)> made);
  Result<HostedTask*> find_led(const std::string& task_id, const Caller& caller);

  Reactor& reactor_;
  const Paths& paths_;
  const Settings& settings_;
  EventFeed& events_;
  TaskSummaryCache& summaries_;
  HostedTasks& tasks_;
  VisibleTasks& visible_;
  SharedPools& pools_;
  bool draining_ = false;
};

}  // namespace thermos
